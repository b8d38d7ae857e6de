import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../scripts/lib/demo/report.ts'
import { borrowServer } from '../support/borrowed.ts'
import { unavailable } from '../support/servers.ts'

const command = fileURLToPath(new URL('../../scripts/demo', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-demo-test-'))
after(() => rmSync(folder, { recursive: true }))

/** A run of scripts/demo. All that it starts, however far away, carries a word in its environment. */
class Run {
  readonly #word = `MILLRACE_DEMO_TEST=${randomUUID()}`
  readonly #report = join(folder, `${randomUUID()}.json`)
  readonly process: ChildProcess
  readonly #ended: Promise<unknown[]>
  output = ''

  constructor(...args: string[]) {
    const [name = '', value = ''] = this.#word.split('=')
    this.process = spawn(command, [...args, '--report', this.#report], {
      env: { ...process.env, [name]: value },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true // as a shell with job control does, so that a signal meets the demo alone
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    this.#ended = once(this.process, 'exit')
  }

  /** The exit status or the signal. */
  async ended(): Promise<unknown> {
    const [code, signal] = await this.#ended
    return signal ?? code
  }

  report(): Report {
    return JSON.parse(readFileSync(this.#report, 'utf8')) as Report
  }

  /** What runs of it: command lines by pid. */
  processes(): Map<number, string> {
    const found = new Map<number, string>()
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
        if (!environment.includes(this.#word)) continue
        found.set(Number(pid), readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // It has just ended, or belongs to someone else.
      }
    }
    return found
  }

  /** The pid of one of the tools, once it runs. */
  async tool(name: string): Promise<number> {
    let pid: number | undefined
    const isTool = new RegExp(`^node \\S*bin/${name} `)
    await this.eventually(`${name} runs`, () => {
      assert.equal(this.process.exitCode, null, this.output)
      pid = [...this.processes()].find(([, line]) => isTool.test(line))?.[0]
      return pid !== undefined
    })
    return pid as number
  }

  async eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 120_000
    while (!(await holds())) {
      assert.ok(
        Date.now() < deadline,
        `not within two minutes: ${what}; it runs\n${[...this.processes().values()].join('\n')}\n${this.output}`
      )
      await delay(50)
    }
  }

  async leavesNothing(): Promise<void> {
    await this.eventually('nothing runs', () => this.processes().size === 0)
  }
}

const noProc = process.platform === 'linux' ? false : 'needs /proc to see what runs'

describe('scripts/demo without servers', { timeout: 180_000 }, () => {
  test('replays the recorded evening into files: equal, with the same alerts each time', async () => {
    const reports: Report[] = []
    for (const seconds of ['2', '4']) {
      const run = new Run('--no-mysql', '--no-elastic', '--seconds', seconds)
      assert.equal(await run.ended(), 0, run.output)
      assert.match(run.output, /No MySQL \(--no-mysql\): replaying an evening/)
      assert.match(run.output, /No Elasticsearch \(--no-elastic\): files/)
      reports.push(run.report())
    }
    const [first, second] = reports
    assert.ok(first !== undefined && second !== undefined)
    assert.ok(first.equal && first.documents > 1000)
    assert.equal(first.documents, first.mysql_rows)
    assert.deepEqual([...new Set(first.alerts.map(alert => alert.key))], ['paytm'])
    assert.deepEqual(second.alerts, first.alerts)
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(`leaves nothing running after ${signal}`, { skip: noProc }, async () => {
      const run = new Run('--no-mysql', '--no-elastic', '--seconds', '60')
      await run.tool('latency-probe')
      run.process.kill(signal)
      assert.equal(await run.ended(), { SIGINT: 130, SIGTERM: 143, SIGKILL: 'SIGKILL' }[signal], run.output)
      await run.leavesNothing()
    })
  }

  test('ends with status 1 and the reason when a tool of the pipeline dies', { skip: noProc }, async () => {
    const run = new Run('--no-mysql', '--no-elastic', '--seconds', '60')
    process.kill(await run.tool('alert-eval'), 'SIGKILL')
    assert.equal(await run.ended(), 1)
    assert.match(run.output, /alerts failed/)
    await run.leavesNothing()
  })
})

describe('scripts/demo on real servers', {
  skip: unavailable('mysql80', 'elasticsearch'),
  timeout: 300_000
}, () => {
  test('shows an alert, latencies and documents equal to the rows, and leaves nothing', async () => {
    const run = new Run('--seconds', '10')
    assert.equal(await run.ended(), 0, run.output)
    const report = run.report()
    assert.ok(report.equal && report.documents > 5000, JSON.stringify(report))
    assert.equal(report.documents, report.mysql_rows)
    assert.ok(report.events > 10_000 && report.events_per_s > 0)
    assert.deepEqual(
      report.alerts.map(alert => alert.key),
      ['paytm']
    )
    const { p50, p99, max } = report.latency_ms ?? { p50: 0, p99: 0, max: 0 }
    assert.ok(0 < p50 && p50 <= p99 && p99 <= max)
    assert.match(report.servers.mysql, /^MySQL 8/)
    assert.match(report.servers.elasticsearch, /^Elasticsearch 9/)
    await run.leavesNothing()
  })

  test('ends with status 1 and names the document that Elasticsearch lacks', async () => {
    await using elastic = await borrowServer('elasticsearch')
    const run = new Run('--no-mysql', '--elastic', elastic.url, '--seconds', '5')
    const user = `${elastic.url}/millrace_demo-users/_doc/1`
    // Nothing changes this row after the beginning.
    await run.eventually(
      'a document can be deleted',
      async () => (await fetch(user, { method: 'DELETE' })).ok
    )
    assert.equal(await run.ended(), 1, run.output)
    assert.equal(run.report().equal, false)
    assert.match(run.output, /users 1 has no document/)
  })

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    test(`leaves nothing running after ${signal} in the middle of the evening`, {
      skip: noProc
    }, async () => {
      const run = new Run('--seconds', '60', '--rate', '300')
      await run.eventually('the evening has begun', () => {
        assert.equal(run.process.exitCode, null, run.output)
        return / events, /.test(run.output)
      })
      run.process.kill(signal)
      assert.equal(await run.ended(), signal === 'SIGINT' ? 130 : signal, run.output)
      await run.leavesNothing()
    })
  }
})
