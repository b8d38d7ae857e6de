import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { elastAlertMissing, program } from '../../scripts/lib/peers/elastalert.ts'
import { random } from './random.ts'
import { ndjson } from './rules.ts'

export const ORACLE = program
export const skip = elastAlertMissing() ?? installProblem()

/** Compiled modules are kept, whatever the environment says: compiling them takes four seconds each time. */
export const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '' }

/** Why ElastAlert cannot be run on this machine (it needs Python 3.12); false when it can. */
function installProblem(): string | false {
  const { status, stderr } = spawnSync(ORACLE, ['install'], { encoding: 'utf8' })
  return status === 0 ? false : `ElastAlert cannot be installed: ${stderr.trim().split('\n').at(-1)}`
}

/** Bursts and gaps, equal times, missing and odd keys, nested fields, times in several forms. */
export function randomEvents(seed: number, count: number): Record<string, unknown>[] {
  const next = random(seed)
  const pick = <T>(values: T[]): T => values[Math.floor(next() * values.length)]!
  let ms = Date.UTC(2026, 10, 24, 10)
  return Array.from({ length: count }, (_, id) => {
    const step = next()
    ms += step < 0.2 ? 0 : step < 0.9 ? Math.floor(next() * 3000) : Math.floor(next() * 90000)
    const iso = new Date(ms).toISOString()
    const event: Record<string, unknown> = {
      '@timestamp': pick([
        iso,
        iso.replace('.000Z', 'Z'),
        iso.replace('Z', '+00:00'),
        iso.replace(/Z$/, '000Z')
      ]),
      id,
      amount: pick(['49.00', '10.50', 7, 0.25]),
      payment: { gateway: pick(['paytm', 'upi', 'card']), ok: next() < 0.5 },
      sent: { at: iso, n: id % 4, items: [{ name: `n${id % 3}` }] }
    }
    if (next() < 0.9) event.user = pick(['a', 'b', 3, true, null, ['x', 1], { deep: 'y' }])
    if (next() < 0.1) event['dotted.name'] = pick(['p', 'q'])
    return event
  })
}

export function ruleText(name: string, body: string): string {
  return `name: ${name}\nindex: x\nalert: debug\n${body}\n`
}

/** What a program of Python, in ElastAlert's environment, prints for lines of JSON, which it reads from its standard input. */
export function pythonJson<T>(program: string, lines: unknown[], ...args: string[]): T[] {
  const venv = execFileSync(ORACLE, ['install'], { encoding: 'utf8' }).trim()
  const printed = execFileSync(path.join(venv, 'bin/python'), ['-c', program, ...args], {
    input: ndjson(lines),
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe']
  })
  return printed
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T)
}
