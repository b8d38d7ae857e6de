import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { cachedFolder } from './cache.ts'
import { join } from './joins.ts'

const documentsPerBody = 5000

/**
 * The joins as bulk requests that only have to be sent: a folder of files of 5,000 documents each, with the ids and
 * external versions that es-sink gives them.
 * @returns its path
 */
export async function bulkBodies(
  rows: number,
  index: string,
  log: (message: string) => void
): Promise<string> {
  const folder = joinPath(await cachedFolder('bulk'), `${index}-${rows}`)
  if (existsSync(folder)) return folder
  log(`writes ${rows.toLocaleString('en')} documents to ${folder} (once)`)
  const unfinished = `${folder}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished)
  for (let from = 0; from < rows; from += documentsPerBody) {
    const count = Math.min(documentsPerBody, rows - from)
    const body = Array.from({ length: count }, (_, i) => operation(from + i, index)).join('')
    await writeFile(joinPath(unfinished, `${String(from).padStart(10, '0')}.ndjson`), body)
  }
  await rename(unfinished, folder)
  return folder
}

function operation(n: number, index: string): string {
  const { id, userId, quantity, amount, status, createdAt } = join(n)
  const action = {
    index: { _index: index, _id: String(id), version: 13_194_139_533_312 + n, version_type: 'external' }
  }
  const document = {
    id,
    user_id: userId,
    quantity,
    amount,
    status,
    created_at: createdAt.replace(' ', 'T')
  }
  return `${JSON.stringify(action)}\n${JSON.stringify(document)}\n`
}
