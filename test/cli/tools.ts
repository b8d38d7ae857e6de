import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** The names of all tools: the commands in bin/. */
export const toolNames = readdirSync(join(root, 'bin'))
  .filter(file => file !== 'start.js')
  .map(file => file.replace(/\.js$/, ''))
  .sort()

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const START =
  'const [, module, ...args] = process.argv; process.argv = [process.execPath, module, ...args]; await (await import(module)).main()'

/** Runs a tool from its source to the end. */
export function runTool(tool: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Finished {
  const module = join(root, 'src/commands', `${tool}.ts`)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', START, '--', module, ...args],
    { input: '', encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env } }
  )
  return { status, stdout, stderr }
}
