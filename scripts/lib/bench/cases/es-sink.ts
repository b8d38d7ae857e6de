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
  rows: 1_000_000,
  runs: 3,
  missing: () => serverAvailability('elasticsearch'),

  async prepare({ rows, log }) {
    const stdin = await envelopeFile(rows, log)
    const bodies = await bulkBodies(rows, 'bulk', log)
    const server = await startServer('elasticsearch', { log })
    const { url } = server
    const contestant = (name: string, index: string, command: Contestant['command']): Contestant => ({
      name,
      command,
      // The merges of another's index would go on beside the run.
      before: () => deleteIndices(url, ['sink', 'bulk', 'helpers']),
      proof: leaves(async () => {
        const count = await countDocuments(url, index)
        return count === rows ? null : `the index has ${count} documents, expected ${rows}`
      })
    })
    return {
      servers: [`Elasticsearch ${server.version}`],
      judged: [
        {
          ...contestant('es-sink', 'sink', () => ({
            argv: tool('es-sink', url, '--index', 'sink', '--id', '{id}'),
            stdin
          })),
          target: { timesPeer: 0.95, cpuMicros: 2.5, peakBytes: 200e6 }
        }
      ],
      peers: [
        contestant('undici, prepared bodies', 'bulk', () => ({
          argv: program('peers/bulk.ts', url, bodies)
        })),
        contestant('helpers.bulk', 'helpers', () => ({
          argv: program('peers/helpers-bulk.ts', url, 'helpers'),
          stdin
        }))
      ],
      [Symbol.asyncDispose]: () => server.stop()
    }
  }
}

async function deleteIndices(url: string, indices: readonly string[]): Promise<void> {
  const response = await fetch(`${url}/${indices}?ignore_unavailable=true`, { method: 'DELETE' })
  if (!response.ok) throw new Error(`DELETE ${indices}: ${response.status} ${await response.text()}`)
}

async function countDocuments(url: string, index: string): Promise<number> {
  await fetch(`${url}/${index}/_refresh`, { method: 'POST' })
  const response = await fetch(`${url}/${index}/_count`)
  const { count } = (await response.json()) as { count?: number }
  return count ?? 0
}
