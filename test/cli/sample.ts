import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Finished } from './tools.ts'

const script = resolve(import.meta.dirname, 'sample-tool.ts')

/** The sample tool as a word of a shell command. */
export const sample = `"${process.execPath}" "${script}"`

/** Runs the sample tool to its end. */
export function runSample(args: readonly string[], env: NodeJS.ProcessEnv = {}): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env }
  })
  return { status, stdout, stderr }
}

/** Runs a bash command to its end. */
export function bash(command: string): Finished {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

/** A sample tool that runs on, with the first lines that it has written to stderr. */
export async function startSample(
  t: TestContext,
  args: readonly string[],
  until: RegExp
): Promise<{ child: ChildProcessByStdio<null, Readable, Readable>; stderr: string }> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  while (!until.test(stderr)) {
    await once(child.stderr, 'data')
  }
  return { child, stderr }
}
