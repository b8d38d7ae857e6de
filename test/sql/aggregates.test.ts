import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { change, created, type Row, run } from './events.ts'

/** What aggregates over all rows give in the end: `rows` are values of `columns` by place. */
function aggregated(list: string, columns: string, rows: unknown[][]): Row | undefined {
  const names = columns.split(/,(?![^(<]*[)>])/).map(column => column.trim().split(' ')[0] as string)
  const lines = rows.map(row => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i]]))))
  const sql = `CREATE TABLE t (${columns}) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT ${list} FROM t`
  const { rows: results, rejected } = run(sql, lines)
  assert.deepEqual(rejected, [])
  return results.at(-1)?.after as Row | undefined
}

/** The states after each change of a keyed table, `[before, after]` values of one column `v`. */
function afterChanges(list: string, changes: [unknown, unknown][]): unknown[] {
  const columns = 'id INT, v STRING'
  const lines = changes.map(([before, after]) =>
    change(
      before === undefined ? 'c' : after === undefined ? 'd' : 'u',
      before === undefined ? null : { id: 1, v: before },
      after === undefined ? null : { id: 1, v: after },
      't'
    )
  )
  const sql = `CREATE TABLE t (${columns}) WITH ('connector' = 'stdin', 'format' = 'debezium-json'); SELECT ${list} AS r FROM t`
  const { rows, rejected } = run(sql, lines)
  assert.deepEqual(rejected, [])
  return rows.map(row => (row.after as Row | null)?.r)
}

const moments = 'STDDEV_POP(a) sp, STDDEV_SAMP(a) ss, VAR_POP(a) vp, VAR_SAMP(a) vs'

test('variances have the type of AVG, as Flink has them', () => {
  assert.deepEqual(aggregated(moments, 'a BIGINT', [[1], [4], [9], [10]]), { sp: 3, ss: 4, vp: 13, vs: 18 })
  assert.deepEqual(aggregated(moments, 'a DECIMAL(10, 2)', [['1.25'], ['4.50'], ['9.13'], ['10']]), {
    sp: '3.550204',
    ss: '4.099423',
    vp: '12.603950',
    vs: '16.805267'
  })
  assert.deepEqual(aggregated(moments, 'a DOUBLE', [[10], [1.25], [9.13]]), {
    sp: 3.9357873700470942,
    ss: 4.820335396352969,
    vp: 15.490422222222222,
    vs: 23.235633333333332
  })
  assert.deepEqual(aggregated(moments, 'a TINYINT', [[1], [100]]), { sp: 49, ss: 70, vp: -110, vs: 36 })
  assert.deepEqual(aggregated(moments, 'a BIGINT', [[1]]), { sp: 0, ss: null, vp: 0, vs: null })
  assert.deepEqual(run(`SELECT VAR_POP(a) v FROM events`, ['{"a":"1"}', '{"a":2}']).rows.at(-1)?.after, {
    v: 0.25
  })
})

test('aggregates of lists pass over NULL, but ARRAY_AGG unless told to', () => {
  const rows = [['x'], ['x'], ['y'], [null]]
  assert.deepEqual(
    aggregated(
      `FIRST_VALUE(a) f, LAST_VALUE(a) l, LISTAGG(a) g, LISTAGG(a, '-') g2, LISTAGG(DISTINCT a) g3, COLLECT(a) c,
       ARRAY_AGG(a) r, ARRAY_AGG(a) IGNORE NULLS i, ARRAY_AGG(DISTINCT a) d, ARRAY_AGG(a) FILTER (WHERE a = 'z') n`,
      'a STRING',
      rows
    ),
    {
      f: 'x',
      l: 'y',
      g: 'x,x,y',
      g2: 'x-x-y',
      g3: 'x,y',
      c: { x: 2, y: 1 },
      r: ['x', 'x', 'y', null],
      i: ['x', 'x', 'y'],
      d: ['x', 'y', null],
      n: null
    }
  )
})

test('a row that goes leaves first, last and lists as if it had never come', () => {
  const changes: [unknown, unknown][] = [
    [undefined, 'a'],
    [undefined, 'b'],
    ['a', 'c'],
    [undefined, 'd'],
    ['b', 'e'],
    ['e', undefined]
  ]
  assert.deepEqual(afterChanges('LISTAGG(v)', changes), ['a', 'a,b', 'b,c', 'b,c,d', 'c,d,e', 'c,d'])
  assert.deepEqual(afterChanges('FIRST_VALUE(v)', changes), ['a', 'b', 'c'])
  assert.deepEqual(afterChanges('LAST_VALUE(v)', changes), ['a', 'b', 'c', 'd', 'e', 'd'])
  assert.deepEqual(afterChanges('ARRAY_AGG(v)', changes).at(-1), ['c', 'd'])
  assert.deepEqual(afterChanges('JSON_ARRAYAGG(v)', changes).at(-1), '["c","d"]')
  assert.deepEqual(afterChanges('COLLECT(v)', changes).at(-1), { c: 1, d: 1 })
})

test('aggregates of JSON write values as JSON', () => {
  const rows = [
    ['x', 1, '1.50'],
    ['y', null, '2.00'],
    ['"', 3, null]
  ]
  assert.deepEqual(
    aggregated(
      'JSON_ARRAYAGG(b) a, JSON_ARRAYAGG(b NULL ON NULL) n, JSON_ARRAYAGG(s) s, JSON_OBJECTAGG(KEY s VALUE d) o, JSON_OBJECTAGG(s VALUE b ABSENT ON NULL) o2',
      's STRING, b INT, d DECIMAL(10, 2)',
      rows
    ),
    {
      a: '[1,3]',
      n: '[1,null,3]',
      s: '["x","y","\\""]',
      o: '{"\\"":null,"x":1.50,"y":2.00}',
      o2: '{"\\"":3,"x":1}'
    }
  )
  const twice = run(`SELECT JSON_OBJECTAGG(KEY k VALUE 1) FROM events`, ['{"k":"a"}', '{"k":"a"}'])
  assert.match(twice.rejected[0] ?? '', /"a" comes twice as a key/)
})

test('PERCENTILE lies between the two nearest values', () => {
  const rows = [[1], [20], [2], [10]]
  assert.deepEqual(
    aggregated(
      'PERCENTILE(a, 0.5) m, PERCENTILE(a, ARRAY[0.0, 0.25, 1.0]) p, PERCENTILE(a, 0.5, 2) f',
      'a INT',
      rows
    ),
    { m: 6, p: [1, 1.75, 20], f: 6 }
  )
  assert.deepEqual(aggregated('PERCENTILE(a, 0.3) p', 'a DECIMAL(4, 2)', [['1.5'], ['2.25']]), {
    p: 1.7249999999999999
  })
  assert.throws(() => run('SELECT PERCENTILE(a, 1.3) FROM events', []), /a percentage is from 0 to 1/)
})

test('PERCENTILE, MIN and MAX of changing rows are those of the rows that are left', () => {
  const value = fc.integer({ min: -50, max: 50 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, fc.boolean()), { maxLength: 300 }),
      fc.boolean(),
      (steps, isDeclared) => {
        const present: number[] = []
        const lines: string[] = []
        for (const [v, takes] of steps) {
          if (takes && present.length > 0) {
            const [gone] = present.splice(Math.abs(v) % present.length, 1)
            lines.push(change('d', { v: gone }, null, 't'))
          } else {
            present.push(v)
            lines.push(created({ v }, 't'))
          }
        }
        const table = "CREATE TABLE t (v INT) WITH ('connector' = 'stdin', 'format' = 'debezium-json');"
        const select = 'SELECT MIN(v) low, MAX(v) high, PERCENTILE(v, 0.5) p FROM t'
        const { rows } = run(isDeclared ? table + select : select, lines)
        const sorted = [...present].sort((a, b) => a - b)
        const middle = (sorted.length - 1) / 2
        const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
        const expected = sorted.length === 0 ? null : { low: sorted[0], high: sorted.at(-1), p: median }
        assert.deepEqual(rows.at(-1)?.after ?? null, expected)
      }
    ),
    { numRuns: 50 }
  )
})

test('APPROX_COUNT_DISTINCT is exact for few values and within 1 % for many', () => {
  const query = 'SELECT APPROX_COUNT_DISTINCT(v) n FROM events'
  const count = (lines: string[]): unknown => (run(query, lines).rows.at(-1)?.after as Row | undefined)?.n
  assert.equal(count(['{"v":1}', '{"v":"1"}', '{"v":1}', '{"v":null}']), 2)
  const many = Array.from({ length: 60_000 }, (_, i) => `{"v":"user-${i % 40_000}"}`)
  assert.ok(Math.abs((count(many) as number) - 40_000) < 400)
  const taken = run(query.replace('events', 't'), [
    created({ v: 1 }, 't'),
    change('u', { v: 1 }, { v: 2 }, 't')
  ])
  assert.equal(taken.rows.length, 1)
})

test('an aggregate says what it takes', () => {
  const fails = (list: string, message: RegExp): void =>
    assert.throws(() => run(`SELECT ${list} FROM events`, []), message, list)
  fails('LISTAGG(a, b)', /column 19: LISTAGG takes a string in quotes as its separator/)
  fails('LISTAGG(1)', /LISTAGG takes a STRING: use CAST/)
  fails('PERCENTILE(a)', /PERCENTILE takes 2 to 3 arguments/)
  fails("VAR_POP('a')", /VAR_POP takes a number/)
  fails('STDEV(a)', /no function STDEV \(did you mean STDDEV\?\)/)
  fails('FIRST_VALUE(a) IGNORE NULLS', /IGNORE NULLS after FIRST_VALUE/)
})

test('MIN and MAX of undeclared rows order numbers by size, also in strings, and texts as texts', () => {
  const extremes = (values: unknown[], gone: unknown[]): unknown => {
    const lines = [...values.map(v => created({ v }, 't')), ...gone.map(v => change('d', { v }, null, 't'))]
    return run('SELECT MIN(v) low, MAX(v) high FROM t', lines).rows.at(-1)?.after
  }
  assert.deepEqual(extremes(['9', 10, '11.5', 2], [2]), { low: '9', high: '11.5' })
  assert.deepEqual(extremes(['b', 'a', 'c'], ['a', 'c']), { low: 'b', high: 'b' })
  assert.deepEqual(extremes(['x', 5, '40'], [5]), { low: '40', high: 'x' })
})
