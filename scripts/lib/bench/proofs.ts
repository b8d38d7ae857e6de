/** Ways to show that a contestant does all the work: see `Contestant.proof`. */
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

/** stdout is this text, but for white space around it. */
export function prints(text: string): Proof {
  return async stdout => {
    const printed = Buffer.concat(await stdout.toArray())
      .toString()
      .trim()
    return printed === text ? null : `it printed '${printed.slice(0, 200)}', expected '${text}'`
  }
}

/** What is left when it has ended is as it should be: `check` tells what is wrong, or null. */
export function leaves(check: () => Promise<string | null>): Proof {
  return async stdout => {
    await stdout.toArray()
    return check()
  }
}
