/** Ways to show that a contestant does all the work: see `Contestant.proof`. */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Contestant } from './case.ts'

type Proof = Contestant['proof']

/** stdout has exactly this many lines that begin with `start`. */
export function writesLines(count: number, start = ''): Proof {
  return async stdout => {
    let lines = 0
    for await (const line of createInterface({ input: stdout })) if (line.startsWith(start)) lines++
    return lines === count ? null : `${lines} lines that begin with '${start}', expected ${count}`
  }
}

/** stdout has lines, and all of them begin with `start`. */
export function writesOnly(start: string): Proof {
  return async stdout => {
    let lines = 0
    for await (const line of createInterface({ input: stdout })) {
      if (!line.startsWith(start)) return `it wrote '${line.slice(0, 200)}', not '${start}…'`
      lines++
    }
    return lines > 0 ? null : 'it wrote nothing'
  }
}

/** stdout is this text, but for white space around it. */
export function prints(text: string | RegExp): Proof {
  return async stdout => {
    const printed = Buffer.concat(await stdout.toArray())
      .toString()
      .trim()
    const isRight = typeof text === 'string' ? printed === text : text.test(printed)
    return isRight ? null : `it printed '${printed.slice(0, 200)}', expected '${text}'`
  }
}

/** A proof for all contestants of a case: each writes, byte for byte, what the first of them wrote. */
export function agreement(): Proof {
  let first: string | undefined
  return async stdout => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of stdout) {
      hash.update(chunk)
      bytes += chunk.length
    }
    const digest = hash.digest('hex')
    first ??= digest
    if (bytes === 0) return 'it wrote nothing'
    return digest === first ? null : 'it wrote something else than the first contestant'
  }
}

/** What is left when it has ended is as it should be: `check` tells what is wrong, or null. */
export function leaves(check: () => Promise<string | null>): Proof {
  return async stdout => {
    await stdout.toArray()
    return check()
  }
}
