import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ToolError } from '../../src/lib/cli/index.ts'
import { countLines, eachLine, LineBlocks } from '../../src/lib/stream/lines.ts'

/** Cuts a buffer at the given places (taken modulo its length). */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const offsets = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  const bounds = [0, ...offsets, bytes.length]
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end))
}

/** The lines that a reader of these chunks sees, the last one without newline included. */
function linesOf(chunks: readonly Buffer[], maxLine = 1 << 20): { lines: string[]; error?: Error } {
  const blocks = new LineBlocks('stdin', maxLine)
  const lines: string[] = []
  const take = (block: Buffer | null): void => {
    if (block === null) return
    blocks.counted(eachLine(block, (start, end) => lines.push(block.toString('utf8', start, end))))
  }
  for (const chunk of chunks) {
    take(blocks.push(chunk))
    if (blocks.failure !== null) return { lines, error: blocks.failure }
  }
  take(blocks.rest())
  return { lines }
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map(line => line.replace(/[\r\n]/g, ''))
const places = fc.array(fc.nat(), { maxLength: 12 })

test('any way of cutting the bytes into chunks gives the same lines', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, fc.constantFrom('\n', '\r\n')), { maxLength: 20 }),
      text,
      places,
      (ended, last, at) => {
        const bytes = Buffer.from(ended.map(([line, end]) => line + end).join('') + last)
        const expected = [...ended.map(([line]) => line), last].filter(line => line !== '')
        assert.deepEqual(linesOf(cut(bytes, at)), { lines: expected })
      }
    )
  )
})

test('a character that lies across two chunks stays whole', () => {
  const bytes = Buffer.from('{"name":"Zoë 🏏"}\n')
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(linesOf(cut(bytes, [at])).lines, ['{"name":"Zoë 🏏"}'])
  }
})

test('a last line without newline is kept back until the end, and given once', () => {
  const blocks = new LineBlocks('stdin', 1000)
  assert.equal(blocks.push(Buffer.from('{"a":1}\n{"b"'))?.toString(), '{"a":1}\n')
  assert.equal(blocks.push(Buffer.from(':2}')), null)
  assert.equal(blocks.rest()?.toString(), '{"b":2}')
  assert.equal(blocks.rest(), null)
})

test('empty lines are passed over but counted, so that later line numbers are right', () => {
  const seen: [string, number][] = []
  const block = Buffer.from('a\n\n\r\nb\r\nc\n')
  const count = eachLine(block, (start, end, index) => seen.push([block.toString('utf8', start, end), index]))
  assert.deepEqual(seen, [
    ['a', 0],
    ['b', 3],
    ['c', 4]
  ])
  assert.equal(count, 5)
  assert.equal(countLines(block), 5)
})

test('a carriage return inside a line is part of it', () => {
  assert.deepEqual(linesOf([Buffer.from('a\rb\r\r\n')]).lines, ['a\rb\r'])
})

test('a line of exactly the limit is taken, one byte more is an error that names the line', () => {
  assert.deepEqual(linesOf([Buffer.from('12345678\n')], 8), { lines: ['12345678'] })
  const { lines, error } = linesOf([Buffer.from('a\n123456789\nb\n')], 8)
  assert.deepEqual(lines, ['a'])
  assert.ok(error instanceof ToolError)
  assert.equal(error.code, 'INPUT')
  assert.equal(error.message, 'stdin:2: line is longer than 8 B')
  assert.match(error.hint ?? '', /--max-line/)
})

test('a line over the limit is named by its number, after all before it, however the bytes are cut', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é'), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 13, max: 60 }), places, (before, length, at) => {
      const bytes = Buffer.from([...before, 'x'.repeat(length), 'after', ''].join('\n'))
      const { lines, error } = linesOf(cut(bytes, at), 12)
      assert.deepEqual(
        lines,
        before.filter(item => item !== '')
      )
      assert.equal(error?.message, `stdin:${before.length + 1}: line is longer than 12 B`)
    })
  )
})

test('a line that never ends is refused as soon as it passes the limit, not when memory is full', () => {
  const blocks = new LineBlocks('stdin', 1 << 20)
  let given = 0
  while (blocks.failure === null) {
    assert.equal(blocks.push(Buffer.alloc(64 << 10, 'x')), null)
    given += 64 << 10
  }
  assert.equal(given, (1 << 20) + (64 << 10))
})

test('a long line is joined once, not at each of its chunks', () => {
  const chunk = Buffer.alloc(4096, 'x')
  const blocks = new LineBlocks('stdin', 1 << 30)
  const started = performance.now()
  for (let i = 0; i < 4000; i++) blocks.push(chunk)
  assert.equal(blocks.push(Buffer.from('\n'))?.length, 4000 * chunk.length + 1)
  // Joined at each chunk, 4,000 chunks of 4 KiB would copy 32 GB.
  assert.ok(performance.now() - started < 2000)
})
