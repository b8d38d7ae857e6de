/**
 * Removes all indices, data streams and index templates of an Elasticsearch or OpenSearch. Rejects when something stays: our
 * Elasticsearch can make data streams, but lacks the module that removes them.
 */
export async function wipeElastic(url: string): Promise<void> {
  const streams = (await ask(url, 'GET', '/_resolve/index/*?expand_wildcards=all')) as {
    data_streams: { name: string }[]
  }
  await removeAll(url, '/_data_stream', namesOf(streams.data_streams))
  const indices = (await ask(url, 'GET', '/_cat/indices?format=json&h=index&expand_wildcards=all')) as {
    index: string
  }[]
  await removeAll(
    url,
    '',
    indices.map(({ index }) => index)
  )
  const { index_templates: templates } = (await ask(url, 'GET', '/_index_template')) as {
    index_templates: { name: string }[]
  }
  // Lists of templates are not taken.
  for (const name of namesOf(templates)) await removeAll(url, '/_index_template', [name])
}

function namesOf(things: readonly { name: string }[]): string[] {
  return things.map(({ name }) => name)
}

/** A path may have 4096 bytes. */
async function removeAll(url: string, path: string, names: readonly string[]): Promise<void> {
  for (let from = 0; from < names.length; from += 10) {
    const some = names.slice(from, from + 10).map(encodeURIComponent)
    await ask(url, 'DELETE', `${path}/${some.join()}`)
  }
}

async function ask(url: string, method: string, path: string): Promise<unknown> {
  const response = await fetch(url + path, { method, signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return await response.json()
}
