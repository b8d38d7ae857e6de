import { fileURLToPath } from 'node:url'
import { cachePath } from './data/cache.ts'

/** The arguments that run one of the project's tools. */
export function tool(name: string, ...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url)), ...args]
}

/**
 * The arguments that run a program of this folder: `peers/readline.ts`. Its types are stripped in the warm-up, and the
 * code is kept for the runs that are measured.
 */
export function program(path: string, ...args: string[]): string[] {
  return [
    'env',
    `NODE_COMPILE_CACHE=${cachePath('code')}`,
    process.execPath,
    fileURLToPath(new URL(path, import.meta.url)),
    ...args
  ]
}
