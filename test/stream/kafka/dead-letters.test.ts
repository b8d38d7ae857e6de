import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ToolError } from '../../../src/lib/cli/index.ts'
import { BadLines } from '../../../src/lib/stream/bad-lines.ts'
import { DeadLetterTopic } from '../../../src/lib/stream/kafka/dead-letters.ts'
import { openDeadLetters } from '../../../src/lib/stream/open-port.ts'

/** An output whose rounds end when the test says so. */
class SlowOutput {
  readonly rounds: string[] = []
  isClosed = false
  #ends: { resolve: (value: null) => void; reject: (error: Error) => void }[] = []

  async write(bytes: Buffer): Promise<void> {
    this.rounds.push(bytes.toString())
  }

  sync(): Promise<null> {
    return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }))
  }

  async endRound(error?: Error): Promise<void> {
    await turn()
    const end = this.#ends.shift()
    assert.ok(end, 'nothing is on its way')
    if (error === undefined) end.resolve(null)
    else end.reject(error)
    await turn()
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

function opened(): { output: SlowOutput; letters: DeadLetterTopic } {
  const output = new SlowOutput()
  return { output, letters: new DeadLetterTopic('kafka://b/t', output) }
}

/** Whether a promise has resolved by the next turn. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false
  promise.then(
    () => {
      done = true
    },
    () => {}
  )
  await turn()
  return done
}

const letter = (n: number): Buffer => Buffer.from(`{"dead_letter":${n}}\n`)

test('sync resolves when the letters before it are durable, however many come after it', async () => {
  const { output, letters } = opened()
  letters.write(letter(1))
  letters.write(letter(2))
  const first = letters.sync()
  await turn()
  letters.write(letter(3))
  const second = letters.sync()
  assert.equal(await isDone(first), false)
  await output.endRound()
  assert.deepEqual([await isDone(first), await isDone(second)], [true, false])
  await output.endRound()
  assert.equal(await isDone(second), true)
  assert.deepEqual(output.rounds, [`${letter(1)}${letter(2)}`, `${letter(3)}`])
})

test('without letters there is nothing to wait for', async () => {
  const { output, letters } = opened()
  await letters.room()
  await letters.sync()
  await letters.close()
  assert.deepEqual([output.rounds, output.isClosed], [[], true])
})

test('reading waits while a megabyte of letters does', async () => {
  const { output, letters } = opened()
  letters.write(letter(1))
  await turn()
  for (let i = 0; i < 3; i++) letters.write(Buffer.alloc(400_000, 'x'))
  const room = letters.room()
  assert.equal(await isDone(room), false)
  await output.endRound()
  assert.equal(await isDone(room), true)
})

test('a letter that cannot be kept ends whatever is asked for next: no mark is acknowledged behind it', async () => {
  const { output, letters } = opened()
  letters.write(letter(1))
  const waiting = assert.rejects(letters.sync(), /gone/)
  await output.endRound(new Error('gone'))
  await waiting
  await assert.rejects(letters.room(), /gone/)
  await assert.rejects(letters.sync(), /gone/)
  await assert.rejects(letters.close(), /gone/)
  assert.throws(() => letters.write(letter(2)), /gone/)
})

test('close waits for the letters that bad lines have become', async () => {
  const { output, letters } = opened()
  const badLines = new BadLines('enrich', 'stdin', letters)
  badLines.rejectJson(3, Buffer.from('oops'))
  const closed = badLines.close()
  assert.equal(await isDone(closed), false)
  await output.endRound()
  await closed
  assert.equal(output.isClosed, true)
  assert.deepEqual(JSON.parse(output.rounds.join('')), {
    dead_letter: {
      tool: 'enrich',
      input: 'stdin',
      line: 3,
      reason: "not JSON: expected a value, found 'o'"
    },
    text: 'oops'
  })
  assert.equal(badLines.keptIn, 'kafka://b/t')
})

const flags = {
  clientId: 'test',
  retryFor: 200,
  stop: new AbortController().signal,
  warn: () => {}
}

test('what cannot be a topic is a usage error', async () => {
  const code = async (port: string): Promise<[string, string]> => {
    const error = await openDeadLetters(port, flags).catch((error: unknown) => error)
    assert.ok(error instanceof ToolError, port)
    return [error.code, error.message]
  }
  assert.deepEqual(await code('kafka://b:1'), ['USAGE', '--dead-letter kafka://b:1/: names no topic'])
  assert.deepEqual(await code('kafka://b:1/{source.table}'), [
    'USAGE',
    '--dead-letter kafka://b:1/{source.table}: takes the name of one topic, no template'
  ])
  assert.match((await code('kafka://b:1/t?group=g')).join(), /^USAGE,.*unknown parameter 'group'/)
})

test('brokers that cannot be reached are told at the start, without the password', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  await new Promise(resolve => taken.close(resolve))
  await assert.rejects(openDeadLetters(`kafka://app:secret@127.0.0.1:${port}/t`, flags), error => {
    assert.ok(error instanceof ToolError)
    assert.equal(error.code, 'SERVER')
    assert.match(error.message, /^--dead-letter kafka:\/\/127\.0\.0\.1:\d+\/t: .*ECONNREFUSED/)
    return true
  })
})
