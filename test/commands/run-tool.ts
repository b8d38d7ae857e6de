import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import path from 'node:path'

const START =
  'const [, module, ...args] = process.argv; process.argv = [process.execPath, module, ...args]; await (await import(module)).main()'

function argumentsFor(tool: string, args: string[]): string[] {
  const module = path.resolve(import.meta.dirname, `../../src/commands/${tool}.ts`)
  return ['--input-type=module', '--eval', START, '--', module, ...args]
}

export interface Finished {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a tool from its source to the end, with this on its standard input. */
export function runTool(tool: string, args: string[], input: string | Buffer = ''): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, argumentsFor(tool, args), {
    input,
    encoding: 'utf8',
    timeout: 60_000
  })
  return { status, stdout, stderr }
}

/** Starts a tool from its source; the caller ends its input or kills it. */
export function startTool(tool: string, args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, argumentsFor(tool, args))
}
