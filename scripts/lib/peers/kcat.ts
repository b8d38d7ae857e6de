import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { missingForDebian, unpackDebianPackages, unpackedProgram } from '../servers/debian.ts'
import { cacheFolder, lock } from '../servers/install.ts'

/** kcat 1.7, on librdkafka. */
const SUITE = 'bookworm'

/** Why kcat cannot be had here, or null. */
export function kcatMissing(): string | null {
  return existsSync(folder()) ? null : missingForDebian()
}

function folder(): string {
  return join(cacheFolder(), `kcat-${SUITE}`)
}

/** The command, without its arguments. Unpacks it once; of several processes one does so. */
export async function kcatProgram(): Promise<string[]> {
  const dir = folder()
  if (!existsSync(dir)) {
    await mkdir(cacheFolder(), { recursive: true })
    const unlock = await lock(join(cacheFolder(), '.kcat.lock'))
    try {
      if (!existsSync(dir)) {
        const fresh = `${dir}.new`
        await rm(fresh, { recursive: true, force: true })
        await mkdir(fresh)
        await unpackDebianPackages(fresh, SUITE, ['kcat'])
        await rename(fresh, dir)
      }
    } finally {
      unlock()
    }
  }
  return unpackedProgram(dir, 'kcat')
}

/** Runs kcat with this on its standard input and gives its output. */
export async function kcat(args: readonly string[], input = ''): Promise<string> {
  const [command = '', ...rest] = await kcatProgram()
  return await new Promise((resolve, reject) => {
    const child = execFile(command, [...rest, ...args], { maxBuffer: 1 << 30 }, (error, stdout, stderr) =>
      error === null
        ? resolve(stdout)
        : reject(new Error(`kcat ${args.join(' ')}: ${stderr}`, { cause: error }))
    )
    // One that has ended before it read all says why on stderr, and is told of by its status.
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** A record as kcat prints it with -J; null as payload is a tombstone. */
export interface KcatRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly payload: string | null
  readonly headers?: readonly string[]
}

/** All committed records of a topic, those of a partition in their order. */
export async function readTopic(broker: string, topic: string, ...more: string[]): Promise<KcatRecord[]> {
  const args = ['-C', '-b', broker, '-t', topic, '-o', 'beginning', '-e', '-q', '-J', ...more]
  const lines = (await kcat(args)).split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as KcatRecord)
}
