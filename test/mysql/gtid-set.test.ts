import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ToolError } from '../../src/lib/cli/index.ts'
import { GtidSet } from '../../src/lib/mysql/gtid-set.ts'

const SOURCES = [
  '3e11fa47-71ca-11e1-9e33-c80aa9429562',
  '00000000-0000-0000-0000-000000000001',
  'ffffffff-ffff-ffff-ffff-ffffffffffff'
]

/** The model: a plain set of `source:number`. */
type Model = Set<string>

const members = fc
  .array(fc.tuple(fc.constantFrom(...SOURCES), fc.integer({ min: 1, max: 40 })), { maxLength: 60 })
  .map(pairs => new Set(pairs.map(([source, number]) => `${source}:${number}`)))

/** Adds the members in the order of the model, which is random. */
function setOf(model: Model): GtidSet {
  const set = new GtidSet()
  for (const member of model) {
    const [source = '', number] = member.split(':')
    set.add(source, Number(number))
  }
  return set
}

/** Reads `uuid:1-3:5,…` by itself. */
function modelOf(text: string): Model {
  const model: Model = new Set()
  for (const part of text.split(',').filter(part => part !== '')) {
    const [source, ...ranges] = part.split(':')
    for (const range of ranges) {
      const [first, last = first] = range.split('-').map(Number)
      for (let n = first as number; n <= (last as number); n++) model.add(`${source}:${n}`)
    }
  }
  return model
}

/** Reads the binary encoding by itself. */
function modelOfEncoding(bytes: Buffer): Model {
  const model: Model = new Set()
  let at = 8
  for (let sources = bytes.readBigUInt64LE(0); sources > 0n; sources--) {
    const source = bytes
      .toString('hex', at, at + 16)
      .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
    let intervals = bytes.readBigUInt64LE(at + 16)
    at += 24
    for (; intervals > 0n; intervals--, at += 16) {
      for (let n = bytes.readBigUInt64LE(at); n < bytes.readBigUInt64LE(at + 8); n++)
        model.add(`${source}:${n}`)
    }
  }
  assert.equal(at, bytes.length)
  return model
}

describe('a GTID set', () => {
  test('holds what was added in any order, and prints it merged', () => {
    fc.assert(
      fc.property(members, model => {
        const text = setOf(model).toString()
        assert.deepEqual(modelOf(text), model)
        // Neighbouring numbers are one interval.
        for (const part of text.split(',')) {
          const bounds = part
            .split(':')
            .slice(1)
            .map(range => range.split('-').map(Number))
          for (let i = 1; i < bounds.length; i++)
            assert.ok((bounds[i]?.[0] as number) > (bounds[i - 1]?.at(-1) as number) + 1, text)
        }
      })
    )
  })

  test('is the same after printing and parsing, with white space and upper case too', () => {
    fc.assert(
      fc.property(members, model => {
        const text = setOf(model).toString()
        assert.equal(GtidSet.parse(text).toString(), text)
        assert.equal(GtidSet.parse(`\n${text.toUpperCase().replaceAll(',', ',\n')} `).toString(), text)
      })
    )
  })

  test('includes, has and subtract are those of plain sets', () => {
    fc.assert(
      fc.property(members, members, (a, b) => {
        const isIn = (set: Model) => (member: string) => set.has(member)
        const difference = new Set([...a].filter(member => !b.has(member)))
        assert.equal(setOf(a).includes(setOf(b)), [...b].every(isIn(a)))
        assert.deepEqual(modelOf(setOf(a).subtract(setOf(b)).toString()), difference)
        assert.equal(setOf(a).subtract(setOf(b)).isEmpty, difference.size === 0)
        for (const source of SOURCES)
          for (const n of [1, 7, 40]) assert.equal(setOf(a).has(source, n), a.has(`${source}:${n}`))
      })
    )
  })

  test('is encoded as sources, intervals and half-open bounds', () => {
    fc.assert(fc.property(members, model => assert.deepEqual(modelOfEncoding(setOf(model).encode()), model)))
  })

  test('takes intervals given in any order and overlapping', () => {
    const uuid = SOURCES[0] as string
    assert.equal(GtidSet.parse(`${uuid}:7-9:1-3:2-5:6`).toString(), `${uuid}:1-9`)
    assert.equal(GtidSet.parse(`${uuid}:1,${uuid}:2`).toString(), `${uuid}:1-2`)
  })

  test('keeps numbers beyond 32 bits', () => {
    const text = `${SOURCES[0]}:1-9007199254740000`
    assert.equal(GtidSet.parse(text).toString(), text)
  })

  test('tagged ones are kept apart, and change how the whole set is encoded', () => {
    const text = `${SOURCES[0]}:1-3,${SOURCES[0]}:tag:1`
    assert.equal(GtidSet.parse(text).toString(), text)
    assert.equal(GtidSet.parse(`${SOURCES[0]}:1-3:tag:1`).toString(), text)
    const uuid = (SOURCES[0] as string).replaceAll('-', '')
    const one = '0100000000000000'
    assert.equal(
      GtidSet.parse(text).encode().toString('hex'),
      `0102000000000001${uuid}00${one}${one}0400000000000000` +
        `${uuid}06${Buffer.from('tag').toString('hex')}${one}${one}0200000000000000`
    )
  })

  test('what is no GTID set is named', () => {
    for (const text of [
      'x',
      SOURCES[0] as string,
      `${SOURCES[0]}:`,
      `${SOURCES[0]}:1-`,
      `${SOURCES[0]}:-1`,
      `${SOURCES[0]}x:1`
    ]) {
      assert.throws(
        () => GtidSet.parse(text),
        (error: unknown) => {
          assert.ok(error instanceof ToolError && error.code === 'USAGE')
          assert.match(error.message, /not a GTID set/)
          return true
        },
        text
      )
    }
  })
})
