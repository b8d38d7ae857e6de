import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A place for what is dear to make; it stays until the machine clears its temporary folder. */
export function cachePath(name: string): string {
  return join(tmpdir(), `millrace-bench-${process.getuid?.() ?? 'user'}`, name)
}

/** The same as a folder that is there. */
export async function cachedFolder(name: string): Promise<string> {
  const folder = cachePath(name)
  await mkdir(folder, { recursive: true })
  return folder
}
