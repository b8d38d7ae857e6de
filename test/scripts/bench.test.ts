import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { AnyContestant, BenchCase, Contestant } from '../../scripts/lib/bench/case.ts'
import type { Result } from '../../scripts/lib/bench/contest.ts'
import { runCase } from '../../scripts/lib/bench/contest.ts'
import { measure } from '../../scripts/lib/bench/measure.ts'
import { agreement, prints, writesLines } from '../../scripts/lib/bench/proofs.ts'
import { ratios, spread } from '../../scripts/lib/bench/statistics.ts'
import { formatResult, verdicts } from '../../scripts/lib/bench/table.ts'

const bench = fileURLToPath(new URL('../../scripts/bench', import.meta.url))

const node = (code: string): { argv: string[] } => ({ argv: [process.execPath, '-e', code] })

describe('scripts/bench', { timeout: 120_000 }, () => {
  test('prints one line of JSON a case, with figures of every contestant and ratios to every peer', () => {
    const stdout = execFileSync(bench, ['lines', 'pass-through', '--rows', '500', '--runs', '2', '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe']
    })
    const results = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    assert.deepEqual(
      results.map(result => [result.case, result.rows, result.runs]),
      [
        ['lines', 500, 2],
        ['pass-through', 500, 2]
      ]
    )
    for (const { contestants, ratios } of results) {
      assert.equal(ratios.length, contestants.length - 1)
      for (const { wall_ms, cpu_ms, per_s } of contestants) {
        assert.ok(wall_ms.min <= wall_ms.median && wall_ms.median <= wall_ms.max)
        assert.ok(cpu_ms.median >= 0 && per_s > 0)
      }
      for (const { speed } of ratios) assert.ok(speed.min > 0 && speed.min <= speed.max)
    }
  })

  test('lists every case', () => {
    const stdout = execFileSync(bench, ['--list'], { encoding: 'utf8' })
    for (const name of ['cdc-tail', 'lines', 'startup']) assert.match(stdout, new RegExp(`^${name} `, 'm'))
  })

  test('a wrong command line is a usage error', () => {
    for (const args of [['no-such-case'], ['--runs', '0'], ['--rows', 'many'], ['--fast']]) {
      assert.throws(() => execFileSync(bench, args, { stdio: 'pipe' }), { status: 2 })
    }
  })
})

describe('measure', () => {
  test('tells the wall time, and of it the CPU time', async () => {
    const { wallMs, cpuMs } = await measure(node('setTimeout(() => {}, 400)'))
    assert.ok(wallMs >= 400, `${wallMs}`)
    assert.ok(cpuMs < wallMs, `${cpuMs} of ${wallMs}`)
    const busy = await measure(
      node('while (process.cpuUsage().user < 300_000) for (let i = 0; i < 1e6; i++);')
    )
    assert.ok(busy.cpuMs >= 300, `${busy.cpuMs}`)
  })

  test('tells the most memory that the process had, though it gave it back, and not what we have', {
    skip: existsSync('/proc/self/status') ? false : 'there is no /proc'
  }, async () => {
    const ours = Buffer.alloc(300e6, 1)
    const small = await measure(node('setTimeout(() => {}, 100)'))
    const large = await measure({
      argv: [
        process.execPath,
        '--expose-gc',
        '-e',
        '(() => { Buffer.allocUnsafeSlow(200e6).fill(1) })(); gc(); setTimeout(() => {}, 100)'
      ]
    })
    assert.equal(ours.length, 300e6)
    assert.ok((small.peakBytes ?? 0) > 10e6 && (small.peakBytes ?? 0) < 150e6, `${small.peakBytes}`)
    assert.ok((large.peakBytes ?? 0) > 200e6, `${large.peakBytes}`)
  })

  test('gives the command a file as stdin, and its stdout to the reader', async () => {
    let read = ''
    await measure({ argv: ['cat'], stdin: import.meta.filename }, async stdout => {
      read = Buffer.concat(await stdout.toArray()).toString()
    })
    assert.ok(read.includes('gives the command a file as stdin'))
  })

  test('a command that fails is an error with what it said', async () => {
    await assert.rejects(
      measure(node('console.error("no such table"); process.exit(3)')),
      /with 3:\nno such table/
    )
    await assert.rejects(measure({ argv: ['/no/such/program'] }), /no\/such\/program/)
  })
})

describe('a case', () => {
  const prints42: Contestant = {
    name: 'prints 42',
    command: () => node('console.log(42)'),
    proof: prints('42')
  }
  const prints41: Contestant = { ...prints42, name: 'prints 41', command: () => node('console.log(41)') }
  const caseOf = (judged: AnyContestant[], peers: AnyContestant[], stopped: () => void): BenchCase => ({
    name: 'tiny',
    measures: 'nothing',
    unit: 'rows',
    rows: 10,
    async prepare() {
      return {
        servers: [],
        judged,
        peers,
        async [Symbol.asyncDispose]() {
          stopped()
        }
      }
    }
  })

  test('runs its contestants in turns, to and fro, after a warm-up of each, and stops what it started', async () => {
    const turns: string[] = []
    let stopped = 0
    const noted = (contestant: Contestant): Contestant => ({
      ...contestant,
      async before() {
        turns.push(contestant.name)
      }
    })
    const bench = caseOf([noted(prints42)], [noted({ ...prints42, name: 'peer' })], () => stopped++)
    const result = await runCase(bench, 2, { rows: 10, log() {} })
    assert.deepEqual(turns, ['prints 42', 'peer', 'prints 42', 'peer', 'peer', 'prints 42'])
    assert.equal(stopped, 1)
    assert.deepEqual(
      result.comparisons.map(({ judged, peer }) => [judged, peer]),
      [['prints 42', 'peer']]
    )
  })

  test('sets a server to work in its turn, and takes the figures that it gives', async () => {
    let works = 0
    const server = {
      name: 'server',
      async work() {
        works++
        return { wallMs: 500, cpuMs: 100, peakBytes: null }
      }
    }
    const result = await runCase(
      caseOf([prints42], [server], () => {}),
      2,
      { rows: 10, log() {} }
    )
    assert.equal(works, 3)
    assert.deepEqual(result.standings[1]?.wallMs, { median: 500, min: 500, max: 500 })
  })

  test('needs no warm-up of one that is warm, and tells how late all came that it has waited for', async () => {
    const runs = [
      [1, 2, 3, 90],
      [4, 5, 6, 7]
    ]
    const server = {
      name: 'server',
      isWarm: true,
      target: { delayMs: 50 },
      async work() {
        return { wallMs: 500, cpuMs: 100, peakBytes: null, delaysMs: runs.shift() ?? [] }
      }
    }
    const bench: BenchCase = { ...caseOf([server], [], () => {}), unit: 'alerts' }
    const result = await runCase(bench, 2, { rows: 10, log() {} })
    const [standing] = result.standings
    assert.ok(standing !== undefined)
    assert.deepEqual(standing.delayMs, { p50: 4, p99: 90 })
    assert.deepEqual(verdicts(result, standing), [{ text: '99 of 100 within 50 ms (90.0)', holds: false }])
    assert.match(formatResult(result), /p50 ms +p99 ms +CPU ms +peak MB\n +server +4\.0 +90\.0 +100 +–/)
  })

  test('has no result when a contestant does not do the work', async () => {
    let stopped = 0
    const bench = caseOf([prints42], [prints41], () => stopped++)
    await assert.rejects(
      runCase(bench, 1, { rows: 10, log() {} }),
      /prints 41 does not do the work: it printed '41', expected '42'/
    )
    assert.equal(stopped, 1)
  })

  test('proof by lines counts those that begin as said, however they are cut', async () => {
    const lines = writesLines(2, '{"a"')
    assert.equal(
      await lines(Readable.from([Buffer.from('{"'), Buffer.from('a":1}\n{"b":1}\n{"a":2}\n')])),
      null
    )
    assert.match((await lines(Readable.from([Buffer.from('{"a":1}\n')]))) ?? '', /1 lines/)
  })
})

describe('proof by agreement', () => {
  const of = (...chunks: string[]): Readable => Readable.from(chunks.map(chunk => Buffer.from(chunk)))

  test('holds for contestants that write the same, however it is cut', async () => {
    const same = agreement()
    assert.equal(await same(of('1\n2', '\n')), null)
    assert.equal(await same(of('1', '\n2\n')), null)
    assert.notEqual(await same(of('1\n3\n')), null)
  })

  test('does not hold for contestants that write nothing', async () => {
    assert.equal(await agreement()(of()), 'it wrote nothing')
  })
})

describe('statistics', () => {
  const positive = fc.double({ min: 0.001, max: 1e6, noNaN: true })

  test('a median lies between least and most, with as many values below as above', () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), values => {
        const { median, min, max } = spread(values)
        const below = values.filter(value => value < median).length
        const above = values.filter(value => value > median).length
        assert.ok(min <= median && median <= max)
        assert.ok(below <= values.length / 2 && above <= values.length / 2)
      })
    )
  })

  test('ratios do not change when rounds are slowed down as a whole', () => {
    const round = fc.record({
      ours: positive,
      theirs: positive,
      slower: fc.double({ min: 1, max: 50, noNaN: true })
    })
    fc.assert(
      fc.property(fc.array(round, { minLength: 1 }), rounds => {
        const calm = ratios(
          rounds.map(({ ours }) => ours),
          rounds.map(({ theirs }) => theirs)
        )
        const noisy = ratios(
          rounds.map(({ ours, slower }) => ours * slower),
          rounds.map(({ theirs, slower }) => theirs * slower)
        )
        for (const key of ['median', 'min', 'max'] as const) {
          assert.ok(Math.abs(noisy[key] / calm[key] - 1) < 1e-9)
        }
      })
    )
  })
})

describe('the table', () => {
  const of = (value: number): { median: number; min: number; max: number } => ({
    median: value,
    min: value,
    max: value
  })
  const result: Result = {
    name: 'tail',
    measures: 'rows as events',
    unit: 'rows',
    rows: 1_000_000,
    runs: 3,
    servers: ['MySQL 9'],
    standings: [
      {
        name: 'ours',
        wallMs: of(2000),
        delayMs: null,
        cpuMs: of(1500),
        peakBytes: of(90e6),
        target: { perSecond: 600_000, peakBytes: 200e6 }
      },
      { name: 'theirs', wallMs: of(4000), delayMs: null, cpuMs: of(4500), peakBytes: null, target: null }
    ],
    comparisons: [{ judged: 'ours', peer: 'theirs', speed: of(2), cpu: of(1 / 3), peak: null }]
  }

  test('gives rates, CPU time for a million, and ratios', () => {
    const lines = formatResult(result)
      .split('\n')
      .map(line => line.trim().replaceAll(/ {2,}/g, ' | '))
    assert.ok(lines.includes('ours | 500,000 | 1.50 | 90'))
    assert.ok(lines.includes('theirs | 250,000 | 4.50 | –'))
    assert.ok(lines.includes('ours ÷ theirs | 2.00 (2.00–2.00) | 0.33 (0.33–0.33) | –'))
  })

  test('holds a contestant to the speed of its peers', () => {
    const [ours] = result.standings
    assert.ok(ours !== undefined)
    const against = (timesPeer: number): object[] => verdicts(result, { ...ours, target: { timesPeer } })
    assert.deepEqual(against(2), [{ text: 'at least 2 times as fast as theirs (2.00)', holds: true }])
    assert.deepEqual(against(10), [{ text: 'at least 10 times as fast as theirs (2.00)', holds: false }])
  })

  test('tells a target that is missed from one that holds', () => {
    const [ours] = result.standings
    assert.ok(ours !== undefined)
    assert.deepEqual(
      verdicts(result, ours).map(({ holds }) => holds),
      [false, true]
    )
    const starts = { ...ours, target: { wallMs: 80 }, wallMs: { min: 70, median: 120, max: 400 } }
    assert.deepEqual(verdicts(result, starts), [
      { text: 'within 80 ms (70 at best, median 120)', holds: true }
    ])
    const cpu = (cpuMicros: number): object[] => verdicts(result, { ...ours, target: { cpuMicros } })
    assert.deepEqual(cpu(1.5), [{ text: 'at most 1.5 µs of CPU a row (1.50)', holds: true }])
    assert.deepEqual(cpu(1.4), [{ text: 'at most 1.4 µs of CPU a row (1.50)', holds: false }])
    assert.match(formatResult(result), /MISSED: ours: at least 600,000 rows\/s \(500,000\)/)
  })
})
