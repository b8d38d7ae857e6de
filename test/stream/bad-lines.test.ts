import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ToolError } from '../../src/lib/cli/index.ts'
import { BadLines } from '../../src/lib/stream/bad-lines.ts'
import { DeadLetterFile } from '../../src/lib/stream/dead-letters.ts'
import { temporaryFolder } from './temporary.ts'

function errorOf(act: () => void): ToolError {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof ToolError)
    return error
  }
  throw new Error('nothing was thrown')
}

test('without a dead-letter file a bad line is an error with its place, the line and a caret', () => {
  const badLines = new BadLines('enrich', 'stdin')
  const error = errorOf(() => badLines.rejectJson(123, Buffer.from('{"a":1,"b":tru}')))
  assert.equal(error.code, 'INPUT')
  assert.equal(
    error.message,
    `stdin:123: not JSON: expected a value, found 't'\n  {"a":1,"b":tru}\n             ^`
  )
  assert.match(error.hint ?? '', /--dead-letter FILE/)
})

test('of a long line the part around the error is shown, with the caret below it', () => {
  const line = `{"text":"${'x'.repeat(500)}","n":oops,"more":"${'y'.repeat(500)}"}`
  const { message } = errorOf(() => new BadLines('enrich', 'stdin').rejectJson(1, Buffer.from(line)))
  const [, excerpt, caret] = message.split('\n') as [string, string, string]
  assert.ok(excerpt.length < 70 && excerpt.includes('"n":oops'))
  assert.equal(excerpt[caret.indexOf('^')], 'o')
  assert.match(excerpt, /^ {2}….*…$/)
})

test('control characters of a bad line do not reach the terminal', () => {
  const { message } = errorOf(() =>
    new BadLines('enrich', 'stdin').rejectJson(1, Buffer.from('\x1b[2J\ttext\r'))
  )
  assert.doesNotMatch(message, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
})

test('a dead letter holds the tool, the input, the line, the reason and the original bytes', async t => {
  const file = join(temporaryFolder(t), 'dead.ndjson')
  const badLines = new BadLines('es-sink', 'stdin', new DeadLetterFile(file))
  const binary = Buffer.from([0x7b, 0xff, 0x00, 0x80])
  badLines.rejectJson(7, Buffer.from('{"größe":}'))
  badLines.reject({ line: 9, bytes: binary, reason: 'mapping' }, { index: 'payments' })
  await badLines.close()
  const letters = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(letters, [
    {
      dead_letter: {
        tool: 'es-sink',
        input: 'stdin',
        line: 7,
        reason: "not JSON: expected a value, found '}'"
      },
      text: '{"größe":}'
    },
    {
      dead_letter: { tool: 'es-sink', input: 'stdin', line: 9, reason: 'mapping', index: 'payments' },
      base64: binary.toString('base64')
    }
  ])
  assert.equal(badLines.count, 2)
})

test('dead letters of earlier runs are kept', async t => {
  const file = join(temporaryFolder(t), 'dead.ndjson')
  writeFileSync(file, '{"earlier":1}\n')
  const badLines = new BadLines('enrich', 'stdin', new DeadLetterFile(file))
  badLines.rejectJson(1, Buffer.from('x'))
  await badLines.close()
  assert.match(readFileSync(file, 'utf8'), /^\{"earlier":1\}\n\{"dead_letter":.*\}\n$/)
})

test('a dead-letter file that cannot be opened is told at the start, one that is full when it is', t => {
  const folder = temporaryFolder(t)
  const missing = errorOf(() => new DeadLetterFile(join(folder, 'no', 'such')))
  assert.equal(missing.code, 'OUTPUT')
  assert.match(missing.message, /--dead-letter .*no such file/)
  const full = errorOf(() =>
    new BadLines('enrich', 'stdin', new DeadLetterFile('/dev/full')).rejectJson(1, Buffer.from('x'))
  )
  assert.equal(full.code, 'OUTPUT')
  assert.match(full.message, /--dead-letter \/dev\/full: .*no space left/)
})

test('a dead-letter file may be a device or a pipe, which cannot be synced', async () => {
  const badLines = new BadLines('enrich', 'stdin', new DeadLetterFile('/dev/null'))
  badLines.rejectJson(1, Buffer.from('x'))
  await badLines.sync()
  await badLines.close()
  assert.equal(badLines.count, 1)
})
