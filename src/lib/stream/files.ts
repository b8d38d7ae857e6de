import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'

/**
 * Replaces a file so that a crash at any moment leaves the old content or the new one: write aside, fsync, rename,
 * fsync of the folder.
 * @param content or its parts, which are written before this function gives way
 * @throws ToolError OUTPUT (disk full, no permission)
 */
export async function replaceFile(
  path: string,
  content: Buffer | string | readonly Uint8Array[]
): Promise<void> {
  const aside = `${path}.new`
  try {
    const isWhole = typeof content === 'string' || Buffer.isBuffer(content)
    if (!isWhole) writeParts(aside, content)
    const file = await open(aside, isWhole ? 'w' : 'r+')
    try {
      if (isWhole) await file.writeFile(content)
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

/** Small parts are written together. */
const TOGETHER = 256 * 1024

function writeParts(path: string, parts: readonly Uint8Array[]): void {
  const file = openSync(path, 'w')
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  }
  try {
    const together = Buffer.allocUnsafe(TOGETHER)
    let end = 0
    for (const part of parts) {
      if (end + part.length > TOGETHER) {
        write(together.subarray(0, end))
        end = 0
      }
      if (part.length > TOGETHER) write(part)
      else {
        together.set(part, end)
        end += part.length
      }
    }
    write(together.subarray(0, end))
  } finally {
    closeSync(file)
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
