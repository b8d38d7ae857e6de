import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { blockOf, change, created, parseLines } from '../sql/events.ts'
import { type Finished, runTool, startTool } from './run-tool.ts'

const directory = mkdtempSync(join(tmpdir(), 'enrich-'))
after(() => rmSync(directory, { recursive: true }))
const path = (name: string): string => join(directory, name)

const enrich = (args: string[], lines: string[] = []): Finished => runTool('enrich', args, blockOf(lines))
const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 10) + seconds * 1000).toISOString()
const row = (id: number, seconds: number): string => created({ id, created_at: at(seconds) })
const mark = (n: number): string => JSON.stringify({ '@mark': { n, at: null, ts_ms: 0 } })
const resume = (n: number): string => JSON.stringify({ '@resume': { n, at: null, ts_ms: 0 } })
const counts =
  "SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
const numbers = (stdout: string): unknown[] =>
  parseLines(stdout).flatMap(line => ('n' in line ? [line.n] : []))

test('a query from the command line or a file runs on standard input', () => {
  const lines = [row(1, 0), row(2, 1)]
  const direct = enrich(['-e', 'SELECT id FROM joins WHERE id > 1'], lines)
  assert.equal(direct.status, 0, direct.stderr)
  assert.deepEqual(
    parseLines(direct.stdout).map(r => r.after),
    [{ id: 2 }]
  )
  writeFileSync(path('q.sql'), 'SELECT id\nFROM joins -- all of them\nWHERE id > 1;\n')
  assert.equal(enrich(['-f', path('q.sql')], lines).stdout, direct.stdout)
})

test('what is told of the rows that come is not passed on, since others go; any other control line is', () => {
  const schema = '{"@schema":{"db":"d","table":"joins","key":["id"],"columns":[{"name":"id","type":"int"}]}}'
  const other = '{"@new":{"id":7}}'
  const { stdout, stderr } = enrich(['-e', 'SELECT id FROM joins'], [schema, other, row(1, 0)])
  const [passed, result, ...more] = stdout.trimEnd().split('\n')
  assert.deepEqual([passed, JSON.parse(result ?? '').after, more], [other, { id: 1 }, []], stderr)
})

test('a mistake in the query ends it with 2, with the place in the file', () => {
  writeFileSync(path('bad.sql'), 'SELECT id,\n  UPPR(x)\nFROM joins')
  const { status, stderr, stdout } = enrich(['-f', path('bad.sql')])
  assert.deepEqual([status, stdout], [2, ''])
  assert.ok(
    stderr.includes('bad.sql:2:3: no function UPPR (did you mean UPPER?)\n    UPPR(x)\n    ^^^^\n'),
    stderr
  )
})

test('no query, two queries and a missing file are usage errors', () => {
  for (const [args, message] of [
    [[], /no query: give -f FILE or -e SQL/],
    [['-e', 'SELECT a FROM t', '-f', 'x'], /give -f or -e, not both/],
    [['-f', path('none.sql')], /none\.sql: ENOENT/]
  ] as const) {
    const { status, stderr } = enrich([...args])
    assert.equal(status, 2)
    assert.match(stderr, message)
  }
})

test('--explain prints the plan and reads nothing', () => {
  const { status, stdout } = enrich(['--explain', '-e', counts])
  assert.equal(status, 0)
  assert.match(stdout, /^output: plain rows \(append-only\)\n {2}project: window_end/)
  assert.match(stdout, /scan: joins \(change events of joins\) reading created_at\n$/)
})

test('a bad line stops it with 1 after the results before it, or goes to the dead letters', () => {
  const lines = [row(1, 0), '{"before":', row(2, 0)]
  const stopped = enrich(['-e', 'SELECT id FROM joins'], lines)
  assert.equal(stopped.status, 1)
  assert.equal(parseLines(stopped.stdout).length, 1)
  assert.match(stopped.stderr, /stdin:2: not JSON/)
  const letters = path('dead.ndjson')
  const kept = enrich(['-e', 'SELECT id FROM joins', '--dead-letter', letters], lines)
  assert.equal(kept.status, 0)
  assert.equal(parseLines(kept.stdout).length, 2)
  assert.equal(parseLines(readFileSync(letters, 'utf8'))[0]?.text, '{"before":')
})

test('a result that is left out stops it with 1, or is in the dead letters as one of a line that has taken effect', () => {
  const query = `SELECT id, 1 / SUM(v) AS q FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, id`
  const of = (id: number, v: number, seconds: number): string => created({ id, v, created_at: at(seconds) })
  const lines = [of(1, 1, 0), of(2, 0, 1), of(3, 1, 60), of(4, 0, 61)]
  const stopped = enrich(['-e', query], lines)
  assert.equal(stopped.status, 1)
  assert.match(stopped.stderr, /stdin:3: a result is left out: division by zero, in a row of \[.*\]\n {2}\{/)
  const letters = path('left-out.ndjson')
  const kept = enrich(['-e', query, '--dead-letter', letters], lines)
  assert.equal(kept.status, 0, kept.stderr)
  assert.deepEqual(
    parseLines(kept.stdout).map(row => row.id),
    [1, 3]
  )
  const [closed, ended] = parseLines(readFileSync(letters, 'utf8')) as Record<
    string,
    Record<string, unknown>
  >[]
  assert.deepEqual(
    [closed?.dead_letter?.line, closed?.dead_letter?.applied, closed?.text],
    [3, true, lines[2]]
  )
  assert.deepEqual([ended?.dead_letter?.line, ended?.dead_letter?.applied, ended?.text], [4, true, ''])
  assert.match(String(ended?.dead_letter?.reason), /^as time passes after this line, a result is left out/)
})

test('marks are passed on after the results before them', () => {
  const { stdout } = enrich(
    ['-e', 'SELECT id FROM joins'],
    [row(1, 0), mark(1), row(2, 0), '{"@other":{}}', row(3, 0), mark(2)]
  )
  assert.deepEqual(
    parseLines(stdout).map(line => Object.keys(line)[0]),
    ['before', '@mark', 'before', '@other', 'before', '@mark']
  )
})

test('late lines go to --late as they came, and are counted', () => {
  const late = path('late.ndjson')
  const lines = [row(1, 0), row(2, 61), row(3, 5), row(4, 6)]
  const { stdout, stderr, status } = enrich(['-e', counts, '--late', late], lines)
  assert.equal(status, 0)
  assert.deepEqual(numbers(stdout), [1, 1])
  assert.equal(readFileSync(late, 'utf8'), `${lines[2]}\n${lines[3]}\n`)
  assert.match(stderr, /stdin:3: late/)
  assert.match(stderr, /2 late lines, kept in/)
  assert.deepEqual(numbers(enrich(['-e', counts, '--watermark-delay', '1m'], lines).stdout), [3, 1])
})

test('with a state, windows stay open at the end of input and the next run goes on', () => {
  const args = ['-e', counts, '--state', path('cron')]
  assert.deepEqual(numbers(enrich(args, [row(1, 0)]).stdout), [])
  assert.deepEqual(numbers(enrich(args, [row(2, 1)]).stdout), [])
  assert.deepEqual(numbers(enrich([...args, '--final'], [row(3, 2)]).stdout), [3])
})

test('a resume restores the state at its mark: what came after it counts once', () => {
  const args = ['-e', counts, '--state', path('resume'), '--late', path('resumed.ndjson')]
  const late = row(9, 5)
  enrich(args, [resume(0), row(1, 0), row(2, 61), mark(1), row(3, 62), late, mark(2), row(4, 63)])
  const { stdout } = enrich(args, [resume(1), row(3, 62), late, mark(2), row(4, 63), row(5, 121)])
  assert.deepEqual(numbers(stdout), [3])
  assert.equal(readFileSync(path('resumed.ndjson'), 'utf8'), `${late}\n`)
})

test('an output file is continued where its mark left it', () => {
  const out = path('out.ndjson')
  const args = ['-e', 'SELECT id FROM joins', '--state', path('file'), '--out', out]
  const ids = (): unknown[] =>
    parseLines(readFileSync(out, 'utf8')).map(line => (line.after as { id: number }).id)
  enrich(args, [resume(0), row(1, 0), mark(1), row(2, 0), mark(2), row(3, 0)])
  assert.deepEqual(ids(), [1, 2, 3])
  enrich(args, [resume(1), row(2, 0), mark(2), row(4, 0)])
  assert.deepEqual(ids(), [1, 2, 4])
})

test('a state of another query is refused', () => {
  const state = ['--state', path('other')]
  enrich(['-e', counts, ...state], [row(1, 0)])
  const { status, stderr } = enrich(['-e', `${counts} HAVING COUNT(*) > 1`, ...state], [row(1, 0)])
  assert.equal(status, 1)
  assert.match(stderr, /written by another query/)
})

test('a row comes out while the input is still open', async () => {
  const tool = startTool('enrich', ['-e', 'SELECT id FROM joins'])
  tool.stdin.write(blockOf([row(1, 0)]))
  const [chunk] = (await once(tool.stdout, 'data')) as [Buffer]
  assert.deepEqual(parseLines(chunk.toString())[0]?.after, { id: 1 })
  tool.kill('SIGTERM')
  const [status] = await once(tool, 'exit')
  assert.equal(status, 0)
})

test('killed again and again and resumed at its last acknowledged mark, it writes what an unbroken run writes', {
  timeout: 60_000
}, async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    created({ id: i % 7, created_at: at(i / 10 - (i % 3) * 20) })
  )
  const sql = `SELECT window_end, id, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, id`
  const every = 400
  // What the source sends from mark n on: a mark after each 400 lines.
  const from = (n: number): Buffer => {
    const rest = lines
      .slice(n * every)
      .flatMap((line, i) => ((i + 1) % every === 0 ? [line, mark(n + (i + 1) / every)] : [line]))
    return blockOf([resume(n), ...rest])
  }
  const args = (name: string): string[] => [
    ...[
      '-e',
      sql,
      '--state',
      path(name),
      '--out',
      path(`${name}.out`),
      '--late',
      path(`${name}.late`),
      '--final'
    ]
  ]
  const acknowledged = (): number => {
    const file = join(path('killed'), 'enrich', 'acknowledged.json')
    if (!existsSync(file)) return 0
    return (JSON.parse(readFileSync(file, 'utf8')) as { mark: { n: number } | null }).mark?.n ?? 0
  }
  assert.equal(runTool('enrich', args('unbroken'), from(0)).status, 0)
  let n = 0
  for (let kill = 0; kill < 6 && n < 40; kill++) {
    const tool = startTool('enrich', args('killed'))
    tool.stdin.on('error', () => {})
    const input = from(n)
    const part = Math.floor(input.length * 0.15)
    tool.stdin.write(input.subarray(0, part))
    while (acknowledged() <= n) await setTimeout(2)
    tool.stdin.write(input.subarray(part))
    await setTimeout(kill * 3)
    tool.kill('SIGKILL')
    await once(tool, 'exit')
    n = acknowledged()
  }
  assert.equal(runTool('enrich', args('killed'), from(n)).status, 0)
  for (const kind of ['out', 'late']) {
    assert.equal(
      readFileSync(path(`killed.${kind}`), 'utf8'),
      readFileSync(path(`unbroken.${kind}`), 'utf8'),
      kind
    )
  }
  assert.ok(readFileSync(path('unbroken.late'), 'utf8').length > 0)
})

test('--emit every: what changes come to is written in time, though no line follows, and before each mark', async () => {
  const child = startTool('enrich', ['-e', 'SELECT COUNT(*) AS n FROM joins', '--emit', 'every', '200ms'])
  child.stdin.write(blockOf([row(1, 0), row(2, 1), row(3, 2)]))
  const [first] = await once(child.stdout, 'data')
  assert.deepEqual(
    parseLines(String(first)).map(({ op, after }) => [op, after]),
    [['c', { n: 3 }]]
  )
  child.stdin.end()
  await once(child, 'exit')
  const { stdout } = enrich(
    ['-e', 'SELECT COUNT(*) AS n FROM joins', '--emit=1h'],
    [row(1, 0), row(2, 1), mark(1), row(3, 2)]
  )
  assert.deepEqual(
    parseLines(stdout).map(line => (line.after as { n: number } | undefined)?.n),
    [2, undefined, 3]
  )
})

test('--why tells what became of the rows with a value, in place of the results', () => {
  const lines = [
    row(1, 0),
    row(2, 61),
    row(3, 5),
    change('u', { id: 2 }, { id: 9 }, 'joins'),
    created({ id: 7 })
  ]
  const told = (query: string, key: string): unknown[] =>
    parseLines(enrich(['--why', key, '-e', query], lines).stdout)
  const joins = { query: 1, table: 'joins', row: 'after' }
  assert.deepEqual(told('SELECT id FROM joins WHERE id > 1 AND id <> 3', '3'), [
    { line: 3, ...joins, verdict: 'filtered', because: '(id <> 3)' }
  ])
  assert.deepEqual(told('SELECT id FROM joins WHERE id > 1', '2'), [
    { line: 2, ...joins, verdict: 'results', results: 1 },
    { line: 4, ...joins, row: 'before', verdict: 'results', results: 1 }
  ])
  const [late] = told(counts.replace('GROUP', 'WHERE id > 0 GROUP'), '3') as Record<string, unknown>[]
  assert.equal(late?.verdict, 'late')
  assert.match(String(late?.because), /behind the watermark of 2026-11-24T10:01:01/)
  const [rejected] = told('SELECT 1 / (id - 7) AS x FROM joins WHERE id = 7', '7') as Record<
    string,
    unknown
  >[]
  assert.deepEqual([rejected?.verdict, rejected?.because], ['rejected', 'division by zero'])
  const unmatched = told('SELECT j.id FROM joins j JOIN users u ON j.id = u.id', '7') as Record<
    string,
    unknown
  >[]
  assert.equal(unmatched[0]?.verdict, 'no result')
})

test('--why tells of a table without rows that holds time back, or for which it was let pass', () => {
  const event = (table: string, id: number, seconds: number): string => {
    const ms = Date.parse(at(seconds))
    return JSON.stringify({
      before: null,
      after: { id, t: at(seconds) },
      source: { table, ts_ms: ms },
      op: 'c',
      ts_ms: ms
    })
  }
  const windowed = (table: string): string =>
    `(SELECT * FROM TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(t), INTERVAL '10' SECOND)))`
  const query = `SELECT o.id, p.id AS p FROM ${windowed('orders')} o LEFT JOIN ${windowed('pays')} p
    ON o.window_start = p.window_start AND o.window_end = p.window_end AND o.id = p.id`
  const told = (key: string, ...more: string[]): Record<string, unknown>[] =>
    parseLines(enrich(['--why', key, '-e', query, '--idle-timeout', '20s', ...more], lines).stdout)
  const lines = [
    event('pays', 1, 0),
    event('orders', 2, 1),
    event('orders', 3, 9),
    event('orders', 4, 18),
    event('orders', 5, 27),
    event('orders', 6, 36),
    event('pays', 7, 5)
  ]
  assert.match(
    String(told('3')[0]?.because),
    /^it is kept: .*; pays, whose time is 2026-11-24T10:00:00.000Z, holds time back, for 9 s of 20 s so far \(--idle-timeout\)$/
  )
  const passed = /time has passed without rows of pays for 20 s \(--idle-timeout\)$/
  const [late] = told('7')
  assert.equal(late?.verdict, 'late')
  assert.match(String(late?.because), passed)
  const [result] = told('6')
  assert.deepEqual([result?.verdict, result?.results], ['results', 2])
  assert.match(String(result?.because), passed)
  assert.doesNotMatch(String(told('6', '--idle-timeout', '0')[0]?.because), /time/)
})

test('--inspect lists what a state holds', () => {
  const sql = 'SELECT id % 2 AS odd, COUNT(*) AS n FROM joins GROUP BY id % 2'
  enrich(['-e', sql, '--state', path('looked-at')], [row(1, 0), row(2, 0), row(3, 0)])
  const { stdout, status } = enrich(['--inspect', path('looked-at')])
  assert.equal(status, 0)
  const [group, ...more] = parseLines(stdout)
  assert.deepEqual([group?.operator, group?.keys, more], ['group by (id % 2): COUNT(*)', 2, []])
  const none = enrich(['--inspect', path('nothing')])
  assert.deepEqual([none.status, none.stdout], [2, ''])
})

test('--explain flink prints what would be submitted, and needs no cluster', () => {
  const sql = "CREATE TABLE t (id INT) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT id FROM t"
  const ports = ['--in', 'kafka://broker/in', '--out', 'kafka://broker/out']
  const { status, stdout } = enrich(['--explain', 'flink', '-e', sql, ...ports])
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^SET '.*;\n\n(?:.*\n)*CREATE TABLE `t` [^;]*;\n\n(?:.*\n)*INSERT INTO `results`\nSELECT `id` FROM `t`;\n$/
  )
  const refused = (...more: string[]): string => {
    const { status, stderr } = enrich(['--engine', 'flink', '-e', sql, ...ports, ...more])
    assert.equal(status, 2)
    return stderr
  }
  assert.match(refused(), /--engine flink needs --gateway/)
  const gateway = ['--gateway', 'http://localhost:1']
  assert.match(refused(...gateway, '--state', path('flink')), /--state means nothing to Flink/)
  assert.match(refused(...gateway, '--changelog'), /--changelog means nothing to Flink/)
  assert.match(refused(...gateway, '--key', '{id}'), /Flink takes columns, not a template/)
  assert.match(refused('--gateway', 'localhost'), /--gateway localhost: not http:\/\/HOST:PORT/)
})

test('--mark-time closes windows with the marks: their results are in the snapshot of the mark before which they stand', () => {
  const marks = Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({ '@mark': { n: i + 1, at: null, ts_ms: 2 + 1000 * i } })
  )
  const args = ['-e', counts, '--mark-time', '--idle-timeout', '10s', '--state', path('mark-time')]
  const { stdout, stderr } = enrich(args, [row(1, 0), row(2, 30), ...marks])
  const lines = parseLines(stdout)
  const place = lines.findIndex(line => 'n' in line)
  assert.deepEqual([lines[place]?.n, place], [2, 40], stderr)
  const again = enrich(args, [resume(90), row(3, 62)])
  assert.deepEqual(numbers(again.stdout), [])
})
