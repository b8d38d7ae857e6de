/** All documents of an index by id, read by sorted pages. */
export async function allDocuments(
  url: string,
  index: string
): Promise<Map<string, Record<string, unknown>>> {
  await request(url, 'POST', `/${index}/_refresh`)
  const documents = new Map<string, Record<string, unknown>>()
  const pit = await openPointInTime(url, index)
  let after: unknown[] | undefined
  for (;;) {
    const page = (await request(url, 'POST', '/_search', {
      size: 10_000,
      pit: { id: pit, keep_alive: '1m' },
      sort: [{ _shard_doc: 'asc' }],
      track_total_hits: false,
      ...(after === undefined ? {} : { search_after: after })
    })) as { hits: { hits: { _id: string; _source: Record<string, unknown>; sort: unknown[] }[] } }
    for (const hit of page.hits.hits) documents.set(hit._id, hit._source)
    after = page.hits.hits.at(-1)?.sort
    if (after === undefined) return documents
  }
}

async function openPointInTime(url: string, index: string): Promise<string> {
  const { version } = (await request(url, 'GET', '/')) as { version: { distribution?: string } }
  const path = version.distribution === 'opensearch' ? '_search/point_in_time' : '_pit'
  const pit = (await request(url, 'POST', `/${index}/${path}?keep_alive=1m`)) as {
    id?: string
    pit_id?: string
  }
  return pit.id ?? pit.pit_id ?? ''
}

export async function request(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
