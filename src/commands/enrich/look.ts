import { usageError } from '../../lib/cli/index.ts'
import { type IdlenessOptions, inspect, type Lookups, type Query, Why } from '../../lib/sql/index.ts'
import {
  type Input,
  OutputWriter,
  openOutput,
  runStage,
  type Stage,
  StateDirectory
} from '../../lib/stream/index.ts'

/** `--inspect`: what the newest snapshot below a state directory holds, a line of JSON for each operator. */
export async function showState(root: string, name: string | undefined): Promise<number> {
  const newest = await StateDirectory.newest(root, 'enrich', name)
  if (newest === null)
    throw usageError(
      `--inspect ${root}: there is no snapshot of enrich`,
      'a query of another --name has its own'
    )
  // Before the state stands where the file of late lines ended.
  for (const figures of inspect(newest.content.subarray(8)))
    process.stdout.write(`${JSON.stringify({ snapshot: newest.n, ...figures })}\n`)
  return 0
}

/** `--why`: what became of the rows that have a value, in place of the results. */
export async function tellWhy(
  query: Pick<Query, 'program'>,
  key: string,
  lookups: Lookups,
  idleness: IdlenessOptions,
  input: Input,
  stop: AbortSignal
): Promise<number> {
  const why = new Why(query.program, key, lookups, idleness)
  const writer = new OutputWriter(openOutput('-'))
  const stage: Stage = {
    async begin() {},
    async lines(part) {
      part.count = why.process(part.bytes, part.firstLine, writer.bytes)
      await writer.flush()
    },
    async mark({ ts_ms }) {
      why.passTime(ts_ms)
    },
    end: () => writer.drain()
  }
  await runStage(input, null, stage, stop)
  return 0
}
