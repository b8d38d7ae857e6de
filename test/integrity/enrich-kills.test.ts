import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { change, created, type Row } from '../sql/events.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds } from '../support/rounds.ts'

/** Queries with every kind of state, side by side. */
const SQL = `
CREATE TABLE orders (id INT, uid INT, amount DECIMAL(8, 2), at TIMESTAMP(3),
  WATERMARK FOR at AS at - INTERVAL '3' SECOND) WITH ('connector' = 'stdin', 'format' = 'debezium-json');
CREATE TABLE users (id INT, city STRING, at TIMESTAMP(3), WATERMARK FOR at AS at, PRIMARY KEY (id) NOT ENFORCED)
  WITH ('connector' = 'stdin', 'format' = 'debezium-json');
CREATE TABLE changes (op STRING, source ROW<\`table\` STRING>, before ROW<at TIMESTAMP(3)>,
  after ROW<id INT, uid INT, amount DECIMAL(8, 2), at TIMESTAMP(3)>,
  at AS COALESCE(after.at, before.at), WATERMARK FOR at AS at - INTERVAL '3' SECOND) WITH ('connector' = 'stdin', 'format' = 'json');
CREATE VIEW placed AS SELECT after.id AS id, after.uid AS uid, after.amount AS amount, at FROM changes
  WHERE source.\`table\` = 'orders' AND op = 'c';
CREATE VIEW moved AS SELECT after.id AS id, at FROM changes WHERE source.\`table\` = 'users';

SELECT 'join' AS q, u.city, COUNT(*) AS n, SUM(o.amount) AS total
FROM orders o LEFT JOIN users u ON o.uid = u.id GROUP BY u.city;
SELECT 'version' AS q, o.id, u.city FROM orders o LEFT JOIN users FOR SYSTEM_TIME AS OF o.at AS u ON o.uid = u.id;
SELECT 'top' AS q, uid, id, amount FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY uid ORDER BY amount DESC, id) AS rn FROM orders) WHERE rn <= 2;
SELECT 'window' AS q, window_start, uid, COUNT(*) AS n, MAX(amount) AS most
FROM TABLE(HOP(TABLE placed, DESCRIPTOR(at), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end, uid;
SELECT 'session' AS q, window_start, window_end, uid, COUNT(*) AS n
FROM TABLE(SESSION(TABLE placed PARTITION BY uid, DESCRIPTOR(at), INTERVAL '2' SECOND))
GROUP BY window_start, window_end, uid;
SELECT 'interval' AS q, p.id, m.at FROM placed p LEFT JOIN moved m
ON p.uid = m.id AND m.at BETWEEN p.at - INTERVAL '4' SECOND AND p.at + INTERVAL '4' SECOND;
SELECT DISTINCT 'distinct' AS q, uid FROM orders;
`

const directory = mkdtempSync(join(tmpdir(), 'millrace-enrich-kills-'))
after(() => rmSync(directory, { recursive: true }))

const random = randomNumbers(20261124)
const below = (n: number): number => Math.floor(random() * n)
const LINES = 6000
const MARK_EVERY = 40

/** Changes of two tables, whose times go on by some 200 ms a line, now and then back. */
function changes(): string[] {
  const rows: Record<string, Map<number, Row>> = { orders: new Map(), users: new Map() }
  const lines: string[] = []
  let time = Date.UTC(2026, 10, 24, 10)
  while (lines.length < LINES) {
    time += below(400)
    const table = below(5) === 0 ? 'users' : 'orders'
    const of = rows[table] as Map<number, Row>
    const id = below(table === 'users' ? 40 : 800)
    const at = new Date(table === 'users' ? time : time - below(4000)).toISOString()
    const old = of.get(id) ?? null
    const row =
      table === 'users'
        ? { id, city: `c${below(5)}`, at }
        : { id, uid: below(50), amount: `${below(90)}.50`, at }
    const now = old !== null && below(4) === 0 ? null : row
    if (now === null) of.delete(id)
    else of.set(id, now)
    lines.push(old === null ? created(row, table) : change(now === null ? 'd' : 'u', old, now, table))
  }
  return lines
}

const control = (name: string, n: number): string =>
  JSON.stringify({ [`@${name}`]: { n, at: null, ts_ms: 0 } })

/** As cdc-tail: from the mark that is acknowledged on, with a mark every so many lines. */
function* linesFrom(lines: readonly string[], n: number): Generator<string> {
  yield control('resume', n)
  for (let i = n * MARK_EVERY; i < lines.length; i++) {
    yield lines[i] as string
    if ((i + 1) % MARK_EVERY === 0) yield control('mark', (i + 1) / MARK_EVERY)
  }
}

const sql = join(directory, 'q.sql')
writeFileSync(sql, SQL)
const bin = join(import.meta.dirname, '../../bin/enrich.js')

function start(
  state: string,
  out: string,
  memory: string,
  ...more: string[]
): ChildProcessWithoutNullStreams {
  const ports = ['--state', state, '--state-memory', memory, '--out', out]
  return spawn(process.execPath, [bin, '-f', sql, ...ports, ...more])
}

/** The number of the last mark whose results are durable, 0 before the first. */
function acknowledged(state: string): number {
  const path = join(state, 'enrich', 'acknowledged.json')
  if (!existsSync(path)) return 0
  const { mark } = JSON.parse(readFileSync(path, 'utf8')) as { mark: { n: number } | null }
  return mark?.n ?? 0
}

async function finish(state: string, out: string, memory: string, lines: readonly string[]): Promise<void> {
  const child = start(state, out, memory, '--final')
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += String(chunk)))
  child.stdin.on('error', () => {})
  child.stdin.end(`${[...linesFrom(lines, acknowledged(state))].join('\n')}\n`)
  const [status] = await once(child, 'close')
  assert.equal(status, 0, stderr)
}

const KILLS = rounds(50, 8)

/** Much more than the state takes, and much less. */
const ENOUGH = '1g'
const LITTLE = '20k'

const lines = changes()
const unbroken = join(directory, 'unbroken.ndjson')
before(() => finish(join(directory, 'state'), unbroken, ENOUGH, lines))

for (const [where, memory] of [
  ['in memory', ENOUGH],
  ['mostly on disk', LITTLE]
] as const)
  test(`a state ${where}, ${KILLS} kills at any moment: byte for byte the results of an unbroken run`, () =>
    killed(memory))

async function killed(memory: string): Promise<void> {
  const [state, out] = [join(directory, `state-${memory}`), join(directory, `${memory}.ndjson`)]
  let progress = 0
  for (let i = 0; i < KILLS; i++) {
    const child = start(state, out, memory)
    child.stdin.on('error', () => {})
    const ended = once(child, 'close')
    let isOver = false
    void ended.then(() => (isOver = true))
    const write = async (): Promise<void> => {
      let written = 0
      for (const line of linesFrom(lines, acknowledged(state))) {
        if (isOver) return
        child.stdin.write(`${line}\n`)
        if (++written % 20 === 0) await sleep(1)
      }
    }
    const writing = write()
    const known = acknowledged(state)
    // Not before it has done something, so that all kills together get through the input.
    for (let waited = 0; waited < 10_000 && acknowledged(state) === known && !isOver; waited += 5)
      await sleep(5)
    await sleep(below(60))
    child.kill('SIGKILL')
    await ended
    await writing
    if (acknowledged(state) > known) progress++
  }
  assert.ok(progress > KILLS / 2, `${progress} runs got to a mark`)
  await finish(state, out, memory, lines)
  assert.equal(existsSync(join(state, 'enrich', 'state.db')), memory === LITTLE)
  const wanted = readFileSync(unbroken, 'utf8')
  for (const kind of ['join', 'version', 'top', 'window', 'session', 'interval', 'distinct'])
    assert.ok(wanted.includes(`"q":"${kind}"`), `no results of ${kind}`)
  assert.ok(readFileSync(out, 'utf8') === wanted, 'the results differ')
}
