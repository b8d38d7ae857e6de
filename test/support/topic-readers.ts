import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kcat } from '../../scripts/lib/peers/kcat.ts'
import { kinds } from '../../scripts/lib/servers/index.ts'
import { prefixOf } from '../../scripts/lib/servers/install.ts'
import { Pipeline, type StageCommand } from './pipeline.ts'
import type { RunningServer } from './servers.ts'

/** What gives each row's id. */
export const COPY = ['-e', 'SELECT id FROM events'] as const

export interface Reader {
  readonly member: Pipeline
  /** What it has read so far, in order. */
  readonly ids: () => number[]
}

/** Members of groups that read topics of rows `{"id":N}`, each to a file of its own. */
export class TopicReaders {
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-readers-'))
  readonly #running = new Set<Pipeline>()
  readonly #kafka: RunningServer

  constructor(kafka: RunningServer) {
    this.#kafka = kafka
  }

  /** Writes rows with the ids from one number to another. */
  async put(topic: string, from: number, to: number, ...more: string[]): Promise<void> {
    const rows = Array.from({ length: to - from }, (_, i) => `k${from + i}\t{"id":${from + i}}\n`)
    await kcat(['-P', '-b', `127.0.0.1:${this.#kafka.port}`, '-t', topic, '-K', '\t', ...more], rows.join(''))
  }

  start(stage: StageCommand): Pipeline {
    const pipeline = new Pipeline([stage])
    this.#running.add(pipeline)
    return pipeline
  }

  /** @param topic with parameters, as in a URL */
  reader(name: string, topic: string): Reader {
    const out = join(this.#directory, name)
    const member = this.start(['enrich', ...COPY, '--in', `${this.#kafka.url}/${topic}`, '--out', out])
    return { member, ids: () => (existsSync(out) ? idsOf(readFileSync(out, 'utf8')) : []) }
  }

  /** Ends one with SIGTERM, and has nothing to complain of. */
  async stopped(pipeline: Pipeline): Promise<void> {
    await pipeline.kill(0, 'SIGTERM')
    const { statuses, stderr } = await pipeline.wait()
    this.#running.delete(pipeline)
    assert.deepEqual(statuses, [0], stderr)
  }

  /** The command of one of Kafka's own tools. */
  async toolCommand(tool: string, ...args: string[]): Promise<string[]> {
    return (await kinds.kafka.client?.(prefixOf('kafka'), this.#kafka.port, [tool, ...args])) ?? []
  }

  /** What Kafka's own kafka-consumer-groups prints, as columns. */
  async groups(...args: string[]): Promise<string[][]> {
    const [program = '', ...rest] = await this.toolCommand('groups', ...args)
    const { stdout } = await promisify(execFile)(program, rest)
    return stdout.split('\n').map(line => line.trim().split(/\s+/))
  }

  async close(): Promise<void> {
    for (const pipeline of this.#running) await pipeline.kill(0)
    rmSync(this.#directory, { recursive: true })
  }
}

/** The ids of the rows in a text, in order. */
export function idsOf(text: string): number[] {
  const rows = text.split('\n').filter(line => line.startsWith('{"id"') && line.endsWith('}'))
  return sorted(rows.map(row => (JSON.parse(row) as { id: number }).id))
}

export function sorted(...ids: number[][]): number[] {
  return ids.flat().sort((a, b) => a - b)
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await holds()); await sleep(200))
    assert.ok(Date.now() < deadline, what)
}
