import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { openInput } from '../../src/lib/stream/input.ts'
import type { Lines, Part } from '../../src/lib/stream/ports.ts'
import { bash, RunningRelay, relay, runRelay } from './run-relay.ts'
import { temporaryFolder } from './temporary.ts'

const rows = Array.from({ length: 20_000 }, (_, i) => `{"id":${i},"name":"Zoë ${i % 7}"}\n`).join('')

function file(t: TestContext, name: string, content: string | Buffer): string {
  const path = join(temporaryFolder(t), name)
  writeFileSync(path, content)
  return path
}

async function partsOf(path: string, maxLine = 1 << 24): Promise<Part[]> {
  const parts: Part[] = []
  for await (const part of openInput(path, { maxLine }).parts()) parts.push(part)
  return parts
}

test('a file is read to its end, named by --in, on stdin and through a pipe alike', t => {
  const path = file(t, 'rows.ndjson', rows)
  for (const command of [`${relay} --in ${path}`, `${relay} < ${path}`, `cat ${path} | ${relay}`]) {
    const { status, stdout, stderr } = bash(command)
    assert.equal(status, 0, stderr)
    assert.equal(stdout, rows, command)
  }
})

test('a file on stdin is read on from where another command has left it', t => {
  const path = file(t, 'rows.ndjson', '{"a":1}\n{"b":2}\n')
  assert.equal(bash(`{ read -r first; ${relay}; } < ${path}`).stdout, '{"b":2}\n')
})

test('a closed stdin, and one from /dev/null, is input that has ended', () => {
  for (const redirect of ['<&-', '< /dev/null']) {
    const { status, stdout, stderr } = bash(`${relay} ${redirect}`)
    assert.deepEqual([status, stdout], [0, ''])
    assert.match(stderr, /ends: end/)
  }
})

test('a folder, and a file that is not there, are named in one line with status 1', t => {
  const folder = temporaryFolder(t)
  for (const [args, message] of [
    [`--in ${folder}/none`, /^relay: .*none: no such file\n$/m],
    [`--in ${folder}`, /: cannot read on: EISDIR.*\n$/],
    [`< ${folder}`, /^relay: stdin.*directory.*\n$/m]
  ] as const) {
    const { status, stderr } = bash(`${relay} --quiet ${args}`)
    assert.equal(status, 1, args)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /internal error|\n +at /)
  }
})

test('.gz and .zst files are unpacked, those of several parts to the last', async t => {
  const half = rows.indexOf('\n', rows.length / 2) + 1
  const halves = [rows.slice(0, half), rows.slice(half)]
  for (const [name, pack] of [
    ['rows.gz', gzipSync],
    ['rows.zst', zstdCompressSync]
  ] as const) {
    for (const content of [pack(rows), Buffer.concat(halves.map(text => pack(text)))]) {
      const parts = await partsOf(file(t, name, content))
      const text = parts.map(part => (part.kind === 'lines' ? part.bytes.toString() : '')).join('')
      assert.ok(text === rows, `${name}: ${text.length} of ${rows.length} characters`)
      assert.deepEqual(parts.at(-1), { kind: 'end' })
    }
  }
})

test('a packed file in any number of parts of any size is read to the last', async t => {
  const folder = temporaryFolder(t)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200_000), { minLength: 1, maxLength: 6 }), async sizes => {
      const texts = sizes.map((size, i) => `"${String(i).repeat(size)}"\n`)
      const path = join(folder, 'parts.zst')
      writeFileSync(path, Buffer.concat(texts.map(text => zstdCompressSync(text))))
      const parts = await partsOf(path)
      assert.ok(
        parts.map(part => (part.kind === 'lines' ? part.bytes.toString() : '')).join('') === texts.join('')
      )
    }),
    { numRuns: 20 }
  )
})

test('a packed file that is cut or damaged gives what can be read, then the error with the line', async t => {
  for (const [name, pack] of [
    ['rows.gz', gzipSync],
    ['rows.zst', zstdCompressSync]
  ] as const) {
    const whole = pack(rows)
    for (const content of [whole.subarray(0, -5), Buffer.concat([whole, Buffer.from('not packed')])]) {
      if (name === 'rows.gz' && content.length > whole.length) continue // gunzip(1) ignores what follows, too
      const path = file(t, name, content)
      const parts = await partsOf(path)
      const end = parts.at(-1)
      assert.ok(end?.kind === 'end' && end.cut !== undefined, name)
      assert.equal(end.cut.code, 'INPUT')
      assert.match(end.cut.message, new RegExp(`^${path}:\\d+: cannot read on: `))
      const read = parts.map(part => (part.kind === 'lines' ? part.bytes.toString() : '')).join('')
      assert.ok(read.length > 0 && rows.startsWith(read))
    }
  }
})

test('a last line without newline is taken when it is whole JSON', () => {
  assert.deepEqual(runRelay(['-q'], '{"a":1}\n{"b":2}'), {
    status: 0,
    stdout: '{"a":1}\n{"b":2}\n',
    stderr: ''
  })
})

test('blanks after the last newline are no cut line', () => {
  assert.deepEqual(runRelay(['-q'], '{"a":1}\n  \t\r'), { status: 0, stdout: '{"a":1}\n', stderr: '' })
})

test('input that ends inside a line is named with status 1, and what came before is passed on', () => {
  const { status, stdout, stderr } = runRelay(['--check', '--dead-letter', '/dev/full'], '{"a":1}\n{"b":')
  assert.equal(status, 1)
  assert.equal(stdout, '{"a":1}\n')
  assert.match(stderr, /^relay: ends: cut$/m)
  assert.match(
    stderr,
    /^relay: stdin:2: input ended inside a line; it comes again from the last acknowledged mark$/m
  )
})

test('lines and control lines come in order, with the number of the first line of a block', async t => {
  const path = file(
    t,
    'marks.ndjson',
    '{"@resume":{"n":0,"at":null,"ts_ms":0}}\n{"a":1}\n\n{"@new":{}}\n{"b":1}\r\n{"b":2}\n{"@mark":{"n":1,"at":null,"ts_ms":5}}\n{"c":1}'
  )
  const parts = await partsOf(path)
  assert.deepEqual(
    parts.map(part => {
      if (part.kind === 'lines') return [part.firstLine, part.bytes.toString()]
      return 'bytes' in part ? [part.kind, part.bytes.toString()] : part.kind
    }),
    [
      ['resume', '{"@resume":{"n":0,"at":null,"ts_ms":0}}\n'],
      [2, '{"a":1}\n\n'],
      ['other', '{"@new":{}}\n'],
      [5, '{"b":1}\r\n{"b":2}\n'],
      ['mark', '{"@mark":{"n":1,"at":null,"ts_ms":5}}\n'],
      [8, '{"c":1}\n'],
      'end'
    ]
  )
})

test('a line over --max-line is named, after all lines before it have been passed on', () => {
  const { status, stdout, stderr } = runRelay(
    ['--max-line', '1k'],
    `{"a":1}\n{"a":2}\n{"a":"${'x'.repeat(2000)}"}\n{"a":4}\n`
  )
  assert.equal(status, 1)
  assert.equal(stdout, '{"a":1}\n{"a":2}\n')
  assert.match(stderr, /^relay: stdin:3: line is longer than 1 KiB\n {2}.*--max-line/m)
})

test('lines are passed on as they come, not when a buffer is full', async t => {
  const running = new RunningRelay(t)
  running.write('{"a":1}\n{"b"')
  await running.until('stdout', /\{"a":1\}\n/)
  running.write(':2}\n')
  await running.until('stdout', /\{"b":2\}\n/)
  running.child.stdin?.end()
  assert.equal((await running.finished()).status, 0)
})

test('a stopped input ends at a whole line, without an error', async t => {
  const input = openInput(file(t, 'rows.ndjson', rows), { maxLine: 1 << 24 })
  let text = ''
  let end: Part | undefined
  for await (const part of input.parts()) {
    if (part.kind === 'lines') {
      text += part.bytes.toString()
      input.stop()
    } else end = part
  }
  assert.deepEqual(end, { kind: 'end' })
  assert.ok(text !== '' && text.endsWith('\n') && rows.startsWith(text))
})

test('a port of another kind is refused as usage', () => {
  const { status, stderr } = runRelay(['--in', 'kafka://broker/topic'])
  assert.equal(status, 2)
  assert.match(stderr, /--in kafka:\/\/broker\/topic: a file is needed here/)
})

test('lines stay for as long as somebody holds their memory, and no longer', async t => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `{"id":${i},"text":"${'x'.repeat(i % 60)}"}\n`)
  for (let i = 5000; i < lines.length; i += 5000) lines[i] = `{"@other":{"n":${i}}}\n`
  lines[100] = `{"id":"${'long'.repeat(200_000)}"}\n`
  const data = lines.filter(line => !line.startsWith('{"@')).join('')
  for (const [name, content] of [
    ['a.ndjson', lines.join('')],
    ['a.ndjson.gz', gzipSync(lines.join(''))],
    ['a.ndjson.zst', zstdCompressSync(lines.join(''))]
  ] as const) {
    const path = file(t, name, content)
    const held: Lines[] = []
    const passed: Lines[] = []
    let text = ''
    for await (const part of openInput(path, { maxLine: 1 << 24, holdsMemory: true }).parts()) {
      if (part.kind !== 'lines') continue
      const { memory } = part
      assert.ok(memory !== undefined)
      text += part.bytes
      // Every third is still needed ten parts later.
      if (passed.push(part) % 3 !== 0) continue
      memory.hold()
      held.push(part)
      if (held.length % 2 === 0) memory.hold()
    }
    assert.ok(text === data)
    assert.ok(
      held.length > 0 && held.every(({ bytes }) => data.includes(bytes.toString()) && bytes.length > 0)
    )
    const sizes = held.map(({ bytes }) => bytes.length)
    for (const { memory } of held) memory?.release()
    held.forEach(({ bytes }, i) => {
      if (i % 2 === 1) assert.equal(bytes.length, sizes[i])
    })
    if (name === 'a.ndjson') {
      const memories = new Set(passed.map(({ bytes }) => bytes.buffer))
      // Besides those that are held, the one that is read into and few more.
      assert.ok(memories.size <= held.length + 4, `${memories.size} memories, ${held.length} parts held`)
    }
  }
})
