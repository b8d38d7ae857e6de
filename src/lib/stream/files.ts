import { mkdirSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'

/**
 * Replaces a file so that a crash at any moment leaves the old content or the new one: write aside, fsync, rename,
 * fsync of the folder.
 * @throws ToolError OUTPUT (disk full, no permission)
 */
export async function replaceFile(path: string, content: Buffer | string): Promise<void> {
  const aside = `${path}.new`
  try {
    const file = await open(aside, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(aside, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    throw new ToolError('OUTPUT', `cannot write ${path}: ${messageOf(error)}`, { cause: error })
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** @returns null when the file does not exist */
export async function readIfExists(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw new ToolError('STATE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * @returns null when the file does not exist
 * @throws ToolError STATE when it is damaged
 */
export async function readJsonIfExists(path: string): Promise<unknown> {
  const bytes = await readIfExists(path)
  if (bytes === null) return null
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    throw new ToolError('STATE', `${path}: not JSON: ${messageOf(error)}`, {
      hint: 'restore it from a backup, or move the state directory away to start from the beginning'
    })
  }
}

/** @throws ToolError STATE */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw new ToolError('STATE', `cannot create ${path}: ${messageOf(error)}`, { cause: error })
  }
}
