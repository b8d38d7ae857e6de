import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for data that are dear to make; it stays until the machine clears its temporary folder. */
export async function cachedFolder(name: string): Promise<string> {
  const folder = join(tmpdir(), `millrace-bench-${process.getuid?.() ?? 'user'}`, name)
  await mkdir(folder, { recursive: true })
  return folder
}
