import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { compareGateways, compareJoins, compareTable } from '../../scripts/lib/demo/compare.ts'
import { Contests } from '../../scripts/lib/demo/contests.ts'
import { Evening, type EveningOptions, type Transaction } from '../../scripts/lib/demo/evening.ts'
import { TableFold } from '../../scripts/lib/demo/files.ts'
import { percentiles } from '../../scripts/lib/demo/latency.ts'
import { recordedEvening } from '../../scripts/lib/demo/places.ts'
import { Random } from '../../scripts/lib/demo/random.ts'
import { readCapture } from '../../scripts/lib/demo/replay.ts'
import type { Standing } from '../../scripts/lib/demo/standing.ts'
import { finalLines, liveLines } from '../../scripts/lib/demo/summary.ts'

const command = fileURLToPath(new URL('../../scripts/lib/demo/main.ts', import.meta.url))

function transactions(options: Partial<EveningOptions>): Transaction[] {
  const evening = new Evening({ seed: 1, seconds: 10, rate: 1000, ...options })
  evening.setup()
  return [...evening.transactions()]
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** Rows of payments whose status becomes FAILED, as ids. */
function failures({ statements }: Transaction): number[] {
  return statements
    .filter(statement => statement.includes("SET status = 'FAILED'"))
    .flatMap(statement => /IN \((.*)\)$/.exec(statement)?.[1]?.split(',').map(Number) ?? [])
}

describe('the evening', () => {
  test('is the same to the last statement for the same seed, and another for another seed', () => {
    assert.deepEqual(transactions({ seed: 7 }), transactions({ seed: 7 }))
    assert.notDeepEqual(transactions({ seed: 7 }), transactions({ seed: 8 }))
  })

  test('changes about as many rows a second as it is asked to, in time', () => {
    const options = fc.record({
      seed: fc.nat(),
      seconds: fc.integer({ min: 5, max: 20 }),
      rate: fc.integer({ min: 500, max: 5000 })
    })
    fc.assert(
      fc.property(options, ({ seed, seconds, rate }) => {
        const all = transactions({ seed, seconds, rate })
        const rows = sum(all.map(one => one.rows))
        assert.ok(Math.abs(rows / (seconds * rate) - 1) < 0.2, `${rows} rows`)
        assert.ok(all.every(({ dueMs }, i) => dueMs >= (all[i - 1]?.dueMs ?? 0) && dueMs < seconds * 1000))
      }),
      { numRuns: 10 }
    )
  })

  test('has few payments that fail in its first half, and many in its second', () => {
    const all = transactions({})
    const [early, late] = [all.slice(0, all.length / 2), all.slice(all.length / 2)].map(half =>
      sum(half.map(one => failures(one).length))
    )
    assert.ok(early !== undefined && late !== undefined && late > 10 * early, `${early} and ${late}`)
  })
})

test('a contest never takes more players than it has seats, nor fewer than none', () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.boolean(), { maxLength: 2000 }), (seed, steps) => {
      const contests = new Contests(new Random(seed), 300)
      const players: number[] = []
      for (const joins of steps) {
        const [leaver] = joins ? [] : players.splice(0, 1)
        if (leaver !== undefined) contests.leave(leaver)
        const joined = joins ? contests.join() : undefined
        if (joined !== undefined) players.push(joined.id)
      }
      for (const { filled, size } of contests.takeChanged()) assert.ok(filled >= 0 && filled <= size)
    }),
    { numRuns: 30 }
  )
})

describe('the comparison', () => {
  const rows = fc
    .uniqueArray(
      fc.record(
        { id: fc.nat(), amount: fc.string(), error: fc.option(fc.string()) },
        { noNullPrototype: true }
      ),
      {
        selector: row => row.id,
        minLength: 1
      }
    )
    .map(list => new Map(list.map(row => [String(row.id), row])))

  test('finds nothing between equal rows', () => {
    fc.assert(
      fc.property(rows, all => {
        assert.deepEqual(compareTable('t', all, structuredClone(all)).differences, [])
      })
    )
  })

  test('finds one document that is missing, too many, or different in one field', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.constantFrom('missing', 'extra', 'changed', 'cut'), (all, at, kind) => {
        const documents = new Map<string, object>(structuredClone(all))
        const id = [...all.keys()][at % all.size] ?? ''
        const { amount, ...rest } = all.get(id) ?? {}
        if (kind === 'missing') documents.delete(id)
        if (kind === 'extra') documents.set('-1', { id: -1 })
        if (kind === 'changed') documents.set(id, { ...rest, amount: `${amount}0` })
        if (kind === 'cut') documents.set(id, rest)
        const { differences } = compareTable('t', all, documents as typeof all)
        assert.equal(differences.length, 1)
        assert.match(differences[0] ?? '', kind === 'extra' ? /^t -1 / : new RegExp(`^t ${id} `))
      })
    )
  })

  test('names a minute that was counted wrong, twice or not at all', () => {
    const counted = new Map([
      ['18:31', 5],
      ['18:32', 6]
    ])
    assert.deepEqual(
      compareJoins(counted, [
        { end: '18:31', joins: 5 },
        { end: '18:32', joins: 6 }
      ]),
      []
    )
    assert.equal(
      compareJoins(counted, [
        { end: '18:31', joins: 4 },
        { end: '18:32', joins: 6 }
      ]).length,
      1
    )
    assert.equal(compareJoins(counted, [{ end: '18:31', joins: 5 }]).length, 1)
  })
})

test('the comparison names a gateway whose payments were counted wrong, or not at all', () => {
  const payments = new Map([
    ['1', { gateway: 'upi', status: 'SUCCESS' }],
    ['2', { gateway: 'upi', status: 'FAILED' }],
    ['3', { gateway: 'upi', status: 'PENDING' }]
  ])
  assert.deepEqual(compareGateways(payments, [{ name: 'upi', succeeded: 1, failed: 1 }]), [])
  assert.equal(compareGateways(payments, [{ name: 'upi', succeeded: 2, failed: 1 }]).length, 1)
  assert.equal(compareGateways(payments, []).length, 1)
})

test('percentiles are measured values, by the nearest rank', () => {
  assert.deepEqual(percentiles(Array.from({ length: 200 }, (_, i) => 200 - i)), {
    p50: 100,
    p99: 198,
    max: 200
  })
  assert.deepEqual(percentiles([3]), { p50: 3, p99: 3, max: 3 })
  assert.equal(percentiles([]), null)
})

describe('the recorded evening', () => {
  test('is small, and begins with rows that were there', () => {
    assert.ok(statSync(recordedEvening).size < 1_000_000)
    const { initial, changes } = readCapture(recordedEvening)
    assert.ok(initial.length > 100 && changes.length > 10_000)
  })

  test('inserts nothing that is there, and changes and deletes nothing that is not', () => {
    const { initial, changes } = readCapture(recordedEvening)
    const fold = new TableFold()
    for (const { event } of [...initial, ...changes]) {
      const { op, before, after, source } = event
      const known = fold.rows(source.table).get(String((before ?? after)?.id))
      assert.deepEqual(known, op === 'c' || op === 'r' ? undefined : before)
      fold.apply(event)
    }
  })
})

test('no line that a person is shown is wider than a terminal', () => {
  const standing: Standing = {
    minutes: Array.from({ length: 600 }, (_, i) => ({ end: '2026-11-24T18:31', joins: 1_000_000 + i })),
    gateways: [{ name: 'razorpay', succeeded: 123_456_789, failed: 1 }],
    gatewaysNow: ['card', 'paytm', 'razorpay', 'upi'].map(name => ({ name, succeeded: 0, failed: 1 })),
    nearlyFull: [{ name: 'MUM v CHE Winner takes all 4', size: 1_000_000, filled: 1_000_000 }],
    contests: 96,
    alerts: [
      {
        '@timestamp': '2026-11-24T18:40:33.600Z',
        rule: 'payment gateway failing',
        key: 'razorpay',
        subject: 'razorpay: payments fail',
        text: '50 payments refused in 5 minutes, the last with: gateway timed out',
        num_hits: 50
      }
    ]
  }
  const progress = { clock: Date.UTC(2026, 10, 24, 18, 30), events: 1e8, eventsPerSecond: 1e5, p99: 123_456 }
  for (const line of [...liveLines(progress, standing), ...finalLines(standing)]) {
    assert.ok([...line].length < 80, line)
  }
})

describe('scripts/demo', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })

  test('--help names every flag within 79 columns', () => {
    const { status, stdout } = run('--help')
    assert.equal(status, 0)
    for (const flag of [
      'seconds',
      'rate',
      'seed',
      'report',
      'mysql',
      'elastic',
      'no-mysql',
      'no-elastic',
      'record'
    ])
      assert.ok(stdout.includes(`--${flag}`), flag)
    for (const line of stdout.split('\n')) assert.ok(line.length < 80, line)
  })

  for (const args of [
    ['--secnds', '3'],
    ['--seconds', '0'],
    ['--seconds', 'x'],
    ['--seconds'],
    ['--elastic', 'localhost:9200'],
    ['--mysql', 'mysql://a@b', '--no-mysql'],
    ['more']
  ]) {
    test(`refuses ${args.join(' ')} with status 2 before anything starts`, () => {
      const { status, stderr } = run(...args)
      assert.equal(status, 2)
      assert.match(stderr, /^demo: .*\n.*--help/)
    })
  }
})
