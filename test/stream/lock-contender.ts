/**
 * One of several processes that race for locks: node lock-contender.ts FOLDER ROUNDS START_MS ROUND_MS. In each round it
 * takes FOLDER/<round>.lock at the same moment as the others, and prints `overlap` when another is in there with it.
 * Its file system calls take a random time, so that all orders of them occur on any machine.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const LONGEST_MS = 4
const cell = new Int32Array(new SharedArrayBuffer(4))

function slowly<A extends unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    Atomics.wait(cell, 0, 0, Math.random() * LONGEST_MS)
    return call(...args)
  }
}

fs.linkSync = slowly(fs.linkSync)
fs.renameSync = slowly(fs.renameSync)
fs.unlinkSync = slowly(fs.unlinkSync)
syncBuiltinESMExports()
const { lockFile } = await import('../../src/lib/stream/lock.ts')

const [folder = '', rounds, start, every] = process.argv.slice(2)

for (let round = 0; round < Number(rounds); round++) {
  await sleep(Math.max(0, Number(start) + round * Number(every) - Date.now()))
  const unlock = await lockFile(join(folder, `${round}.lock`), 'the lock')
  const owned = join(folder, `${round}.owned`)
  try {
    fs.writeFileSync(owned, '', { flag: 'wx' })
    await sleep(5)
    fs.rmSync(owned)
  } catch {
    process.stdout.write('overlap\n')
  }
  unlock()
}
process.stdout.write('done\n')
