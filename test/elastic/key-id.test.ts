import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Documents, type WriteMode } from '../../src/lib/elastic/documents.ts'
import { parseTemplate, type RowSchema } from '../../src/lib/stream/index.ts'

function schema(table: string, ...key: string[]): RowSchema {
  return { db: 'dream', table, key, columns: key.map(name => ({ name, type: 'varchar(9)' })) }
}

function event(op: string, before: unknown, after: unknown, table = 't') {
  return {
    before,
    after,
    source: { db: 'dream', table, file: 'binlog.000001', pos: 9, row: 0 },
    op,
    ts_ms: 1
  }
}

class Sink {
  readonly documents: Documents

  constructor(mode: WriteMode = 'upsert', id?: string) {
    this.documents = new Documents({
      index: parseTemplate('i', '--index'),
      id: id === undefined ? undefined : parseTemplate(id, '--id'),
      mode
    })
  }

  /** What becomes of a line, as `verb id`, or why nothing does. */
  read(line: unknown): string | string[] {
    const block = Buffer.from(JSON.stringify(line))
    const operations: string[] = []
    const reason = this.documents.read(block, 0, block.length, {
      operation(action) {
        const [verb, { _id: id }] = Object.entries(
          JSON.parse(action.written().toString().split('\n')[0] ?? '')
        )[0] as [string, { _id?: string }]
        operations.push(`${verb} ${id}`)
      }
    })
    return reason ?? operations
  }
}

describe('without --id a document has the key of its row', () => {
  test('the value of the only column, as it is', () => {
    const sink = new Sink()
    sink.documents.describe(schema('t', 'id'))
    assert.deepEqual(sink.read(event('c', null, { n: 1, id: 7 })), ['index 7'])
    assert.deepEqual(sink.read(event('c', null, { id: 'a/b%"é\\' })), ['index a/b%"é\\'])
    assert.deepEqual(sink.read(event('u', { id: 7 }, { id: 7 })), ['index 7'])
    assert.deepEqual(sink.read(event('u', { id: 7 }, { id: 8 })), ['delete 7', 'index 8'])
    assert.deepEqual(sink.read(event('d', { id: 7 }, null)), ['delete 7'])
  })

  test('several columns are joined, in the order of the key', () => {
    const sink = new Sink()
    sink.documents.describe(schema('t', 'b', 'a.c'))
    assert.deepEqual(sink.read(event('r', null, { 'a.c': 'x/y', b: 7 })), ['index 7/x%2Fy'])
    assert.deepEqual(sink.read(event('r', null, { 'a.c': '50%\n', b: 7 })), ['index 7/50%25\n'])
  })

  test('no two keys give the same id', () => {
    const sink = new Sink()
    sink.documents.describe(schema('t', 'a', 'b', 'c'))
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom('/', '%', '2', 'F', '5', '\\', '"', 'é') }),
      fc.nat(9)
    )
    const key = fc.tuple(part, part, part)
    fc.assert(
      fc.property(key, key, (one, other) => {
        const id = ([a, b, c]: typeof one): string => String(sink.read(event('c', null, { a, b, c })))
        assert.equal(id(one) === id(other), one.map(String).join('\0') === other.map(String).join('\0'))
      })
    )
  })

  test('documents whose fields are set have it, too', () => {
    const sink = new Sink('update')
    sink.documents.describe(schema('t', 'id'))
    assert.deepEqual(sink.read(event('c', null, { id: 7, n: 1 })), ['update 7'])
    assert.match(String(sink.read(event('c', null, { id: 7 }, 'u'))), /the key of dream\.u is not known/)
  })

  test('each table has its own, and another from where it is told anew', () => {
    const sink = new Sink()
    sink.documents.describe(schema('t', 'id'))
    sink.documents.describe(schema('u', 'k'))
    // More lines than it takes to learn the form of a table's lines.
    for (let i = 0; i < 9; i++) {
      assert.deepEqual(sink.read(event('c', null, { id: i, k: 0 })), [`index ${i}`])
      assert.deepEqual(sink.read(event('c', null, { id: 0, k: i }, 'u')), [`index ${i}`])
    }
    sink.documents.describe(schema('t', 'k', 'id'))
    for (let i = 0; i < 9; i++) {
      assert.deepEqual(sink.read(event('c', null, { id: i, k: 0 })), [`index 0/${i}`])
      assert.deepEqual(sink.read(event('c', null, { id: 0, k: i }, 'u')), [`index ${i}`])
    }
  })

  test('rows of which no key is known are refused, with what to do', () => {
    const sink = new Sink()
    sink.documents.describe(schema('log'))
    const reasons: [unknown, RegExp][] = [
      [
        event('c', null, { id: 1 }),
        /the key of dream.t is not known: give --id, .* or let cdc-tail tell it \(--emit-schema\)/
      ],
      [event('d', { id: 1 }, null), /the key of dream.t is not known/],
      [event('c', null, { id: 1 }, 'log'), /dream.log has no primary key .*--mode append/],
      [{ id: 1, source: { db: 'dream', table: 'log' } }, /a plain row has no key .*--id '\{id\}'/]
    ]
    for (const [line, reason] of reasons) assert.match(String(sink.read(line)), reason)
    sink.documents.describe(schema('t', 'id'))
    assert.match(
      String(sink.read(event('c', null, { n: 1, source: 1 }))),
      /its key: the row has no field 'id'/
    )
    assert.match(String(sink.read({ ...event('c', null, { n: 1 }), id: 5 })), /the row has no field 'id'/)
  })

  test('with --id, and with append, keys are not looked at', () => {
    for (const [sink, id] of [
      [new Sink('upsert', '{n}'), 'index 1'],
      [new Sink('update', '{n}'), 'update 1'],
      [new Sink('append'), 'create undefined']
    ] as const) {
      sink.documents.describe(schema('t', 'id'))
      assert.deepEqual(sink.read(event('c', null, { id: 7, n: 1 })), [id])
    }
  })
})
