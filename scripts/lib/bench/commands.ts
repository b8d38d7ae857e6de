import { fileURLToPath } from 'node:url'

/** The arguments that run one of the project's tools. */
export function tool(name: string, ...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url)), ...args]
}

/** The arguments that run a program of this folder: `peers/readline.ts`. */
export function program(path: string, ...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL(path, import.meta.url)), ...args]
}
