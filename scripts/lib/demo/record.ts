import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import { type DemoOptions, openMysql } from './demo.ts'
import { isEvent } from './files.ts'
import type { GuardedCommand } from './guarded.ts'
import { RunFolder } from './run-folder.ts'
import type { Screen } from './screen.ts'
import { acknowledgedBy, startTail } from './tail.ts'

/** Plays the evening on a MySQL and keeps what cdc-tail writes of it, marks left out, as a gzip file. */
export async function record(
  options: DemoOptions,
  file: string,
  screen: Screen,
  stack: AsyncDisposableStack,
  stop: AbortSignal
): Promise<void> {
  const folder = stack.use(new RunFolder(options.keep))
  const evening = await openMysql(options, screen, stack)
  if ('missing' in evening) throw new Error(`there is no MySQL to record from: ${evening.missing}`)
  const lines = join(folder.path, 'changes.ndjson')
  let tail: GuardedCommand | undefined
  await evening.play(
    {
      follow(url) {
        tail = startTail(folder, url, { file: lines })
        stack.defer(tail.kill.bind(tail))
      },
      reaches: goal => acknowledgedBy(['cdc-tail'], folder.state, goal)
    },
    { begins: () => {}, joined: () => {} },
    stop
  )
  tail?.terminate()
  const status = await tail?.ended()
  if (status !== 0) throw new Error(`cdc-tail ended with status ${status}\n${folder.messages().join('\n')}`)
  const events = readFileSync(lines, 'utf8').split('\n').filter(isEvent)
  const packed = gzipSync(`${events.join('\n')}\n`, { level: constants.Z_BEST_COMPRESSION })
  writeFileSync(file, packed)
  screen.say(`${events.length} events of ${evening.description}, ${packed.length} bytes: ${file}`)
}
