import type { Load } from './binlog.ts'

const COLUMNS = 300
const TYPES = ['INT', 'BIGINT', 'VARCHAR(50)', 'DECIMAL(12,2)', 'DATETIME(3)', 'DOUBLE']

/** Rows of 300 columns. */
export function wideLoad(rows: number): Load {
  const columns = Array.from({ length: COLUMNS }, (_, i) => `c${i} ${TYPES[i % TYPES.length]}`)
  return {
    name: `${rows}-wide`,
    what: `${rows.toLocaleString('en')} rows of ${COLUMNS} columns`,
    createTable: `CREATE TABLE broad (id INT PRIMARY KEY, ${columns.join(',')})`,
    *inserts() {
      const perStatement = 100
      for (let from = 0; from < rows; from += perStatement) {
        const count = Math.min(perStatement, rows - from)
        const values = Array.from({ length: count }, (_, i) => wideRow(from + i))
        yield `INSERT INTO broad VALUES ${values.join(',')}`
      }
    }
  }
}

function wideRow(id: number): string {
  const values = Array.from({ length: COLUMNS }, (_, i) => {
    const n = Math.imul(id + 1, 0x9e3779b1 + i) >>> 0
    return [n >> 1, n * 1000 + i, `'value ${n}'`, `${n}.${i % 100}`, "'2026-11-24 10:00:00.123'", n / 7][
      i % 6
    ]
  })
  return `(${id},${values.join(',')})`
}

const LARGE = 1_000_000

/** Rows of a megabyte: text and bytes by turns. */
export function largeLoad(rows: number): Load {
  return {
    name: `${rows}-large`,
    what: `${rows.toLocaleString('en')} rows of 1 MB`,
    createTable: 'CREATE TABLE broad (id INT PRIMARY KEY, text LONGTEXT, bytes LONGBLOB)',
    *inserts() {
      for (let id = 0; id < rows; id++) {
        const value =
          id % 2 === 0
            ? `REPEAT('a "word" é ', ${LARGE / 12}), NULL`
            : `NULL, REPEAT(UNHEX('00ff10'), ${Math.floor(LARGE / 3)})`
        yield `INSERT INTO broad VALUES (${id}, ${value})`
      }
    }
  }
}
