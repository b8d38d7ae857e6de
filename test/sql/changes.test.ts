import assert from 'node:assert/strict'
import { test } from 'node:test'
import { change, created, type Row, run } from './events.ts'

const row = (id: number, status: string, amount = '1.00') => ({ id, status, amount })

test('an undeclared table is the change events of its name, written in the same envelope', () => {
  const { rows } = run('SELECT id, amount * 2 AS twice FROM joins', [
    created(row(1, 'a')),
    created(row(2, 'a'), 'payments')
  ])
  assert.deepEqual(rows, [
    {
      before: null,
      after: { id: 1, twice: '2.00' },
      source: { db: 'dream', table: 'joins', ts_ms: 1 },
      op: 'c',
      ts_ms: 2
    }
  ])
})

test('a row that starts or stops passing WHERE is a create or a delete', () => {
  const events = [
    change('u', row(1, 'no'), row(1, 'yes')),
    change('u', row(1, 'yes'), row(1, 'yes', '2.00')),
    change('u', row(1, 'yes'), row(1, 'no')),
    change('u', row(1, 'no'), row(1, 'never')),
    change('r', null, row(2, 'yes')),
    change('d', row(2, 'yes'), null),
    change('d', row(3, 'no'), null)
  ]
  const { rows } = run("SELECT id, amount FROM joins WHERE status = 'yes'", events)
  assert.deepEqual(
    rows.map(({ op, before, after }) => ({ op, before, after })),
    [
      { op: 'c', before: null, after: { id: 1, amount: '1.00' } },
      { op: 'u', before: { id: 1, amount: '1.00' }, after: { id: 1, amount: '2.00' } },
      { op: 'd', before: { id: 1, amount: '1.00' }, after: null },
      { op: 'r', before: null, after: { id: 2, amount: '1.00' } },
      { op: 'd', before: { id: 2, amount: '1.00' }, after: null }
    ]
  )
})

test('an update that leaves the projected row as it was is passed on, as by Flink', () => {
  const { rows } = run('SELECT id FROM joins', [change('u', row(1, 'a'), row(1, 'b'))])
  assert.deepEqual(
    rows.map(r => [r.op, r.before, r.after]),
    [['u', { id: 1 }, { id: 1 }]]
  )
})

test('a statement that defined the table is not among its rows', () => {
  const source = { db: 'dream', table: 'joins', ts_ms: 1 }
  const line = {
    source,
    ts_ms: 2,
    databaseName: 'dream',
    schemaName: null,
    ddl: 'ALTER TABLE joins ADD n INT',
    tableChanges: []
  }
  const { rows, rejected } = run('SELECT id FROM joins', [
    created(row(1, 'a')),
    JSON.stringify(line),
    created(row(2, 'a'))
  ])
  assert.deepEqual(
    rows.map(r => r.after),
    [{ id: 1 }, { id: 2 }]
  )
  assert.deepEqual(rejected, [])
})

test('a truncate is passed on', () => {
  assert.deepEqual(
    run("SELECT id FROM joins WHERE status = 'x'", [change('t', null, null)]).rows.map(r => r.op),
    ['t']
  )
})

test('* passes rows through as they stand, and takes more columns beside it', () => {
  const event =
    '{"before":null,"after":{"id":12345678901234567890,"x":1.50,"s":"\\u00e9\\n"},"source":{"table":"joins"},"op":"c"}'
  assert.equal(run('SELECT * FROM joins', [event]).text, `${event}\n`)
  const { rows } = run('SELECT id, *, id + 1 AS next FROM joins', [created({ id: 1, b: null })])
  assert.deepEqual(rows[0]?.after, { id: 1, b: null, next: 2 })
})

test('a database narrows a table', () => {
  const events = [
    change('c', null, row(1, 'a'), 'joins', 'dream'),
    change('c', null, row(2, 'a'), 'joins', 'other')
  ]
  assert.deepEqual(
    run('SELECT id FROM dream.joins', events).rows.map(r => r.after),
    [{ id: 1 }]
  )
  const sql =
    "CREATE TABLE j (id BIGINT) WITH ('connector' = 'stdin', 'format' = 'debezium-json', 'table' = 'other.joins'); SELECT id FROM j"
  assert.deepEqual(
    run(sql, events).rows.map(r => r.after),
    [{ id: 2 }]
  )
})

test('a table is found in whatever form its name is written, and in no other place', () => {
  const spaced = '{ "op" : "c", "source" : { "table" : "joins" } , "after" : { "id" : 1 } , "before" : null }'
  const escaped = '{"before":null,"after":{"id":2},"source":{"table":"j\\u006fins"},"op":"c"}'
  const column = '{"before":null,"after":{"table":"joins","id":3},"source":{"table":"payments"},"op":"c"}'
  const plain = '{"table":"joins","id":4}'
  const found = (lines: string[]): unknown[] => {
    const { rows, rejected } = run('SELECT id FROM joins', lines)
    assert.deepEqual(rejected, [])
    return rows.map(r => r.after)
  }
  assert.deepEqual(found([spaced, escaped, column, plain]), [{ id: 1 }, { id: 2 }])
  // Behind many lines of others the name is looked for in the whole block.
  const others = Array.from({ length: 20 }, (_, i) => created(row(i, 'a'), 'payments'))
  assert.deepEqual(found([...others, spaced, escaped, column, plain]), [{ id: 1 }, { id: 2 }])
  assert.deepEqual(found([...others, column, spaced, ...others, plain, spaced]), [{ id: 1 }, { id: 1 }])
})

test('events is every line as it came, with its nested fields', () => {
  const lines = [created(row(1, 'a'), 'payments'), created(row(2, 'a')), '{"op":"x","n":{"m":[1,2]}}']
  assert.deepEqual(
    run("SELECT after.id, op, source.table FROM events WHERE source.table = 'payments' AND op = 'c'", lines)
      .rows,
    [{ id: 1, op: 'c', table: 'payments' }]
  )
  assert.deepEqual(run('SELECT n.m, n.m[2] AS second FROM events WHERE n IS NOT NULL', lines).rows, [
    { m: [1, 2], second: 2 }
  ])
  assert.deepEqual(run('SELECT * FROM events', lines).text.trimEnd().split('\n'), lines)
})

test('lines that cannot be taken are reported and the others go on', () => {
  const lines = [
    'garbage',
    created(row(1, 'a')),
    '[1]',
    '{"before":null,"after":{"id":1},"source":{"table":"joins"},"op":"z"}',
    '{"after":{"id":1},"source":{"table":"joins"},"op":"u"}',
    '{"before":null,"after":{"id":',
    created(row(2, 'a', 'many'))
  ]
  const { rows, rejected } = run('SELECT id, amount + 1 AS more FROM joins', lines)
  assert.deepEqual(
    rows.map(r => r.after),
    [{ id: 1, more: '2.00' }]
  )
  assert.deepEqual(rejected, [
    '0: not JSON',
    '2: not a JSON object',
    '3: op z is not one of c, u, d, r, t',
    '4: op u without before: enrich needs whole rows (MySQL: binlog_row_image=FULL)',
    '5: not JSON',
    '6: "many" is not a number'
  ])
})

test('a column that the table does not have, and a table that never comes, are warned of', () => {
  const lines = [created(row(1, 'a'))]
  assert.deepEqual(run('SELECT amuont FROM joins', lines).warnings, [
    'joins has no column amuont in its first event, so it is NULL (did you mean amount?)'
  ])
  assert.deepEqual(run('SELECT id FROM jions', lines).warnings, [
    'no change events of table jions were read (did you mean joins?)'
  ])
})

test('a row image that lacks a column of the query is an error, since its value is not known', () => {
  const needs = 'enrich needs whole rows (MySQL: binlog_row_image=FULL)'
  const { rows, rejected } = run('SELECT amount FROM joins', [
    created(row(1, 'a')),
    change('u', { id: 1 }, { amount: '2.00' }),
    change('d', { id: 1 }, null),
    change('u', { id: 1, amount: null }, { id: 1, amount: '3.00' })
  ])
  assert.deepEqual(rejected, [
    `1: column amount is absent from before: ${needs}`,
    `2: column amount is absent from before: ${needs}`
  ])
  assert.deepEqual(
    rows.map(r => r.op),
    ['c', 'u']
  )
})

test('a row image that lacks a column behind events that are alike is an error all the same', () => {
  const whole = created(row(1, 'a'))
  const part = created({ id: 2 })
  for (const query of ['SELECT amount FROM joins', 'SELECT SUM(amount) AS s FROM joins']) {
    const { rejected } = run(query, [whole, whole, whole, part, part, whole])
    assert.deepEqual(
      rejected.map(text => text.slice(0, 3)),
      ['3: ', '4: '],
      query
    )
  }
})

test('a column that no event has had so far is unknown in one that says it lacks columns, else NULL', () => {
  const partial = (op: string, before: Row | null, after: Row | null): string =>
    change(op, before, after).replace('"ts_ms":1}', '"ts_ms":1,"partial":true}')
  const { rows, rejected, warnings } = run('SELECT id, note FROM joins', [
    partial('u', { id: 1, n: 1 }, { id: 1, n: 2 }),
    partial('c', null, { id: 2 }),
    partial('u', { id: 1, note: null }, { id: 1, note: 'x' })
  ])
  assert.equal(rejected.length, 2)
  assert.match(rejected[0] ?? '', /^0: column note is absent from before: .*FULL/)
  assert.deepEqual(
    rows.map(r => r.after),
    [{ id: 1, note: 'x' }]
  )
  assert.deepEqual(warnings, [])
})

test('a declared output names and types the columns', () => {
  const sql =
    "CREATE TABLE out (key BIGINT, price DECIMAL(10, 1)) WITH ('connector' = 'stdout'); INSERT INTO out SELECT id, amount FROM joins"
  assert.deepEqual(run(sql, [created(row(1, 'a', '2.55'))]).rows[0]?.after, { key: 1, price: '2.6' })
})

test('text of every alphabet comes out as it went in, passed through or computed', () => {
  const s = 'é 😀 \u2028 "q" \\ \n'
  const { rows } = run("SELECT s, s || 'ß' AS t, 'ü' AS `näme` FROM events", [JSON.stringify({ s })])
  assert.deepEqual(rows, [{ s, t: `${s}ß`, näme: 'ü' }])
})
