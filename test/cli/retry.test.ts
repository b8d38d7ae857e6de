import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Backoff } from '../../src/lib/cli/retry.ts'

const never = new AbortController().signal

/** The lengths of this many waits, in milliseconds, when chance gives `random`. */
async function waits(t: TestContext, random: number, count: number): Promise<number[]> {
  t.mock.method(Math, 'random', () => random)
  const backoff = new Backoff(undefined, never)
  const lengths: number[] = []
  for (let i = 0; i < count; i++) {
    const started = performance.now()
    assert.equal(await backoff.wait(), true)
    lengths.push(performance.now() - started)
  }
  t.mock.restoreAll()
  return lengths
}

/**
 * Fails when a time lies below what was asked for, or, each time of many, far above it: machines are late, never early.
 */
async function assertLengths(measure: () => Promise<number[]>, expected: readonly number[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const lengths = await measure()
    const text = lengths.map(ms => ms.toFixed(0)).join(' ')
    assert.ok(
      lengths.every((ms, i) => ms > (expected[i] as number) - 3),
      text
    )
    if (lengths.every((ms, i) => ms < (expected[i] as number) + 400)) return
    assert.ok(attempt < 10, `${text}, not ${expected.join(' ')}`)
  }
}

test('waits double, up to a part that chance decides', async t => {
  await assertLengths(() => waits(t, 0.999, 4), [150, 250, 450, 850])
  await assertLengths(() => waits(t, 0, 4), [50, 50, 50, 50])
})

test('before the first success attempts end after 10 s, after it they go on without end', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 })
  const starting = new Backoff(undefined, never)
  const running = new Backoff(undefined, never)
  running.succeeded()
  for (const backoff of [starting, running]) assert.equal(await backoff.wait(), true)
  t.mock.timers.tick(9_940)
  for (const backoff of [starting, running]) assert.equal(await backoff.wait(), true)
  t.mock.timers.tick(60)
  assert.equal(starting.failingFor, 10_000)
  assert.equal(await starting.wait(), false)
  t.mock.timers.tick(86_400_000)
  assert.equal(await running.wait(), true)
})

test('a limit that is given ends them before and after the first success; the last attempt is made at the limit', async () => {
  for (const connected of [false, true]) {
    const untilLimit = async (): Promise<number[]> => {
      const backoff = new Backoff(300, never)
      if (connected) backoff.succeeded()
      const started = performance.now()
      let attempts = 0
      while (await backoff.wait()) attempts++
      assert.ok(attempts >= 2)
      return [performance.now() - started]
    }
    await assertLengths(untilLimit, [300])
  }
})

test('a limit of 0 tries once and does not wait', async () => {
  assert.equal(await new Backoff(0, never).wait(), false)
})

test('a success begins the count anew', async () => {
  const backoff = new Backoff(undefined, never)
  assert.equal(await backoff.wait(), true)
  assert.equal(await backoff.wait(), true)
  assert.equal(backoff.attempt, 2)
  assert.ok(backoff.failingFor >= 90)
  backoff.succeeded()
  assert.equal(backoff.attempt, 0)
  assert.equal(backoff.failingFor, 0)
})

test('a stop ends a wait at once, and there is none after it', async t => {
  t.mock.method(Math, 'random', () => 0.999)
  const controller = new AbortController()
  const backoff = new Backoff(undefined, controller.signal)
  for (let i = 0; i < 3; i++) await backoff.wait()
  const started = performance.now()
  const waiting = backoff.wait()
  controller.abort()
  assert.equal(await waiting, false)
  assert.equal(await backoff.wait(), false)
  assert.ok(performance.now() - started < 500)
})
