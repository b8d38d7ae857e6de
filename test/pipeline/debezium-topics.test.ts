import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { Debezium, debeziumMissing } from '../../scripts/lib/peers/debezium.ts'
import { type TopicRecord, Topics } from '../../scripts/lib/peers/topic.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments } from '../support/elastic.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const SNAPSHOT_ROWS = 500
const NEW_ROWS = 300
const UPDATED = 200
const DELETED = 150
/** Each is a deletion, its tombstone and an insertion. */
const MOVED = 40
const EVENTS = SNAPSHOT_ROWS + NEW_ROWS + UPDATED + DELETED + 2 * MOVED
const TOMBSTONES = DELETED + MOVED

const missing = debeziumMissing() ?? unavailable('mysql', 'kafka', 'elasticsearch')

/** Without zeros at the end, as Java writes it. */
function isoOf(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, 'Z')
}

describe("Debezium's own topics as input", { skip: missing }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-debezium-topics-'))
  let mysql: RunningServer
  let kafka: RunningServer
  let elastic: BorrowedServer
  let connection: Connection

  before(async () => {
    ;[mysql, kafka, elastic] = await Promise.all([
      startServer('mysql'),
      startServer('kafka'),
      borrowServer('elasticsearch')
    ])
    connection = await createConnection({ uri: `${mysql.url}/test`, multipleStatements: true, timezone: 'Z' })
  })

  after(async () => {
    await connection?.end()
    await Promise.all([mysql?.stop(), kafka?.stop(), elastic?.stop()])
    rmSync(directory, { recursive: true })
  })

  const insert = (table: string, from: number, count: number): Promise<unknown> =>
    connection.query(`INSERT INTO ${table} VALUES ?`, [
      Array.from({ length: count }, (_, i) => [
        from + i,
        `${from + i}.50`,
        i % 7 === 0 ? null : `Zoë "${i}" }{`,
        new Date(1_795_514_400_000 + i * 1001)
      ])
    ])

  /** After the snapshot: what takes a table through every kind of change. */
  async function change(table: string): Promise<void> {
    await insert(table, 1000, NEW_ROWS)
    await connection.query(`UPDATE ${table} SET note = 'FAILED' WHERE id < ${UPDATED}`)
    await connection.query(`DELETE FROM ${table} WHERE id >= 1000 AND id < ${1000 + DELETED}`)
    await connection.query(`UPDATE ${table} SET id = id + 5000 WHERE id < ${MOVED}`)
  }

  /** The table as documents by id. */
  async function rowsOf(
    table: string,
    timeOf: (time: Date) => unknown
  ): Promise<Map<string, Record<string, unknown>>> {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM ${table} ORDER BY id`)
    return new Map(rows.map(row => [String(row.id), { ...row, paid_at: timeOf(row.paid_at as Date) }]))
  }

  async function finished(...stages: StageCommand[]): Promise<string> {
    const { statuses, stdout, stderr } = await runPipeline(...stages)
    assert.deepEqual(statuses, [0], stderr)
    return stdout
  }

  const sorted = (documents: Map<string, Record<string, unknown>>): [string, Record<string, unknown>][] =>
    [...documents].sort(([a], [b]) => Number(a) - Number(b))

  for (const { schemas, times, timeOf } of [
    { schemas: 'false', times: 'adaptive_time_microseconds', timeOf: (time: Date) => time.getTime() },
    { schemas: 'true', times: 'isostring', timeOf: isoOf }
  ]) {
    const table = `payments_${schemas}`

    describe(`with schemas.enable=${schemas}, time.precision.mode=${times}`, () => {
      let topic = ''
      let records: TopicRecord[] = []
      let enriching: Pipeline

      const enrich = (...args: string[]): StageCommand => [
        ...(['enrich', '-e', `SELECT id, amount, note, paid_at FROM ${table}`] as const),
        ...[
          '--in',
          `${kafka.url}/${topic}?group=enrich`,
          '--out',
          `${kafka.url}/clean.${table}`,
          '--key',
          'id'
        ],
        ...args
      ]
      const sink = (index: string, port: string): StageCommand => [
        ...(['es-sink', elastic.url, '--index', index, '--id', '{id}', '--in', port] as const),
        ...['--stop-at', 'now']
      ]

      before(async () => {
        await connection.query(
          `CREATE TABLE ${table} (id INT PRIMARY KEY, amount DECIMAL(10,2), note VARCHAR(40), paid_at DATETIME(3))`
        )
        await insert(table, 0, SNAPSHOT_ROWS)
        const bootstrap = `127.0.0.1:${kafka.port}`
        await using debezium = await Debezium.start({
          bootstrap,
          mysql: mysql.url,
          tables: [`test.${table}`],
          config: {
            'tombstones.on.delete': 'true',
            'time.precision.mode': times,
            'key.converter.schemas.enable': schemas,
            'value.converter.schemas.enable': schemas
          }
        })
        topic = debezium.topic(`test.${table}`)
        await using topics = new Topics(bootstrap)
        await topics.reaches(topic, SNAPSHOT_ROWS, 50, 60_000)
        enriching = new Pipeline([enrich()])
        await change(table)
        await topics.reaches(topic, EVENTS + TOMBSTONES, 50, 60_000)
        records = await topics.read(topic)
      })

      test('the topic has the shapes that this is about', () => {
        assert.equal(records.length, EVENTS + TOMBSTONES)
        assert.equal(records.filter(({ value }) => value === null).length, TOMBSTONES)
        const heads = new Set(records.flatMap(({ value }) => (value === null ? [] : [value.slice(0, 10)])))
        assert.deepEqual([...heads], schemas === 'true' ? ['{"schema":'] : ['{"before":'])
        assert.match(
          records[0]?.key ?? '',
          schemas === 'true' ? /^{"schema":.*"payload":{"id":0}}$/ : /^{"id":0}$/
        )
      })

      test('through enrich, while it changes, to an index that equals the table', async () => {
        await enriching.kill(0, 'SIGTERM')
        const { statuses, stderr } = await enriching.wait()
        assert.deepEqual(statuses, [0], stderr)
        await finished(enrich('--stop-at', 'now'))
        await finished(sink(`clean-${table}`, `${kafka.url}/clean.${table}?group=sink`))
        const expected = await rowsOf(table, timeOf)
        assert.equal(expected.size, SNAPSHOT_ROWS + NEW_ROWS - DELETED)
        assert.deepEqual(sorted(await allDocuments(elastic.url, `clean-${table}`)), sorted(expected))
      })

      test('straight into an index, from the topic and from what a console consumer prints of it', async () => {
        const printed = join(directory, `${table}.ndjson`)
        writeFileSync(printed, records.map(({ value }) => `${value}\n`).join(''))
        const expected = sorted(await rowsOf(table, timeOf))
        for (const [index, port] of [
          [`topic-${table}`, `${kafka.url}/${topic}?group=straight`],
          [`file-${table}`, printed]
        ] as const) {
          await finished(sink(index, port))
          assert.deepEqual(sorted(await allDocuments(elastic.url, index)), expected, index)
        }
      })

      test('alert-eval and latency-probe understand each record, from the topic and from a file', async () => {
        const rule = join(directory, 'failed.yaml')
        const text =
          'name: failed\ntype: any\nindex: x\nrealert: {minutes: 0}\nfilter: [{term: {note: FAILED}}]\n'
        writeFileSync(rule, `${text}alert: debug\n`)
        const printed = join(directory, `${table}.events.ndjson`)
        writeFileSync(
          printed,
          records.flatMap(({ value }) => (value === null ? [] : [`${value}\n`])).join('')
        )
        for (const port of [`${kafka.url}/${topic}`, printed]) {
          const alerts = await finished(['alert-eval', '--rules', rule, '--in', port, '--stop-at', 'now'])
          // A row that moves was FAILED: its deletion and its insertion say so, too.
          assert.equal(alerts.match(/"rule":"failed"/g)?.length, UPDATED + 2 * MOVED, port)
          const figures = await finished(['latency-probe', '--in', port, '--stop-at', 'now'])
          const { events, unmeasured } = JSON.parse(figures.trimEnd().split('\n').at(-1) ?? '')
          assert.deepEqual({ events, unmeasured }, { events: EVENTS, unmeasured: 0 }, port)
        }
      })
    })
  }
})
