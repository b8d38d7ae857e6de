/**
 * Writes the rows of change events from stdin with helpers.bulk of Elastic's client, under the ids and versions that
 * es-sink gives them, two requests at a time: URL INDEX.
 */
import { createInterface } from 'node:readline'
import { Client } from '@elastic/elasticsearch'

interface Change {
  readonly after: { readonly id: number }
  readonly source: { readonly pos: number; readonly row: number }
}

const [node = '', index = ''] = process.argv.slice(2)
const client = new Client({ node })

const FILE_VERSION = 3 * 2 ** 42
const versions = new Map<unknown, number>()

async function* rows(): AsyncGenerator<Change['after']> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { after, source } = JSON.parse(line) as Change
    versions.set(after, FILE_VERSION + source.pos * 1024 + source.row)
    yield after
  }
}

const { failed, successful } = await client.helpers.bulk<Change['after']>({
  datasource: rows(),
  concurrency: 2,
  onDocument(document) {
    const version = versions.get(document) as number
    versions.delete(document)
    return { index: { _index: index, _id: String(document.id), version, version_type: 'external' } }
  }
})
await client.close()
if (failed > 0) throw new Error(`${failed} documents were refused, ${successful} written`)
