import { serverAvailability, startServer } from '../../servers/index.ts'
import type { BenchCase, Contestant } from '../case.ts'
import { program, tool } from '../commands.ts'
import { bulkBodies } from '../data/bulk-bodies.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { leaves } from '../proofs.ts'

/** Change events as documents. */
export const sink: BenchCase = {
  name: 'es-sink',
  measures: 'change events from a file into an Elasticsearch index, one document a row',
  unit: 'documents',
  rows: 200_000,
  missing: () => serverAvailability('elasticsearch'),

  async prepare({ rows, log }) {
    const stdin = await envelopeFile(rows, log)
    const bodies = await bulkBodies(rows, 'bulk', log)
    const server = await startServer('elasticsearch', { log })
    const { url } = server
    const contestant = (name: string, index: string, command: Contestant['command']): Contestant => ({
      name,
      command,
      before: () => deleteIndex(url, index),
      proof: leaves(async () => {
        const count = await countDocuments(url, index)
        return count === rows ? null : `the index has ${count} documents, expected ${rows}`
      })
    })
    return {
      servers: [`Elasticsearch ${server.version}`],
      judged: [
        contestant('es-sink', 'sink', () => ({
          argv: tool('es-sink', url, '--index', 'sink', '--id', '{id}'),
          stdin
        }))
      ],
      peers: [
        contestant('undici, prepared bodies', 'bulk', () => ({ argv: program('peers/bulk.ts', url, bodies) }))
      ],
      [Symbol.asyncDispose]: () => server.stop()
    }
  }
}

async function deleteIndex(url: string, index: string): Promise<void> {
  const response = await fetch(`${url}/${index}?ignore_unavailable=true`, { method: 'DELETE' })
  if (!response.ok) throw new Error(`DELETE ${index}: ${response.status} ${await response.text()}`)
}

async function countDocuments(url: string, index: string): Promise<number> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' })
  const response = await fetch(`${url}/${index}/_count`)
  const { count } = (await response.json()) as { count?: number }
  return count ?? 0
}
