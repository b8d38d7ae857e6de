import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The repository. */
export const root = resolve(import.meta.dirname, '../../..')

/**
 * The test files in these folders and among these files, as absolute paths; all when none is named.
 * @param from what relative names mean; the repository's root is tried after it
 */
export function findTests(names: readonly string[], from: string): string[] {
  const places = names.length === 0 ? [join(root, 'test')] : names.map(name => place(name, from))
  const files = places.flatMap(path =>
    statSync(path).isDirectory()
      ? globSync('**/*.test.ts', { cwd: path }).map(file => join(path, file))
      : [path]
  )
  return [...new Set(files)].sort()
}

function place(name: string, from: string): string {
  const path = [resolve(from, name), resolve(root, name)].find(existsSync)
  if (path === undefined) {
    console.error(`test: ${name}: no such file or folder`)
    process.exit(2)
  }
  return path
}

/** Whether a test file starts servers: it then imports what starts them. */
export function startsServers(file: string): boolean {
  return (
    /from '[^']*(lib\/servers\/|support\/(servers|polled|borrowed|flink))/.test(readFileSync(file, 'utf8')) ||
    file.includes('/test/scripts/')
  )
}
