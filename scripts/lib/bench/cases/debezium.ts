import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { Debezium, debeziumMissing } from '../../peers/debezium.ts'
import { Topics } from '../../peers/topic.ts'
import { type RunningServer, serverAvailability, startServer } from '../../servers/index.ts'
import type { BenchCase, Contestant } from '../case.ts'
import { tool } from '../commands.ts'
import { currentPlace, fill, joinInserts, joinsLoad, startLoadedServer } from '../data/binlog.ts'
import { debeziumContestant } from '../peers/debezium.ts'
import { leaves, writesLines } from '../proofs.ts'
import { MOST_MEMORY } from './cdc-tail.ts'

const RUNS = 3
const TABLE = 'bench.joins'
const ROWS_IN_A_REQUEST = 10_000

function missing(): string | null {
  return debeziumMissing() ?? serverAvailability('mysql') ?? serverAvailability('kafka')
}

function cdcTail(server: RunningServer, rows: number, timesPeer: number, ...args: string[]): Contestant[] {
  const url = `mysql://cdc:cdc@127.0.0.1:${server.port}/bench`
  return [[], ['--debezium-types']].map(flags => ({
    name: ['cdc-tail', ...flags].join(' '),
    target: { timesPeer, peakBytes: MOST_MEMORY },
    command: () => ({ argv: tool('cdc-tail', url, '--tables', 'joins', ...args, ...flags) }),
    proof: writesLines(rows, '{"before":null,"after":{"id":')
  }))
}

/** cdc-tail as Debezium is run: to topics of the same broker, each run to one of its own; then in transactions, too. */
function cdcTailToKafka(
  server: RunningServer,
  kafka: RunningServer,
  topics: Topics,
  rows: number,
  ...args: string[]
): Contestant[] {
  const url = `mysql://cdc:cdc@127.0.0.1:${server.port}/bench`
  return [false, true].map(isTransactional => {
    const kind = isTransactional ? 'transactional' : 'idempotent'
    let run = 0
    let state = ''
    const topic = (): string => `millrace-${kind}-${process.pid}-${run}`
    return {
      name: `cdc-tail --out kafka://…, ${kind}`,
      target: { perSecond: 150_000, peakBytes: 2 * MOST_MEMORY },
      async before() {
        run++
        state = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
      },
      command: () => {
        const out = ['--out', `${kafka.url}/${topic()}`, ...(isTransactional ? ['--state', state] : [])]
        return { argv: tool('cdc-tail', url, '--tables', 'joins', ...args, ...out) }
      },
      proof: leaves(async () => {
        await rm(state, { recursive: true, force: true })
        const records = await topics.end(topic())
        // The end of a transaction takes an offset, too.
        return records >= rows && records <= rows + (isTransactional ? 100 : 0)
          ? null
          : `${records} of ${rows} records in the topic`
      })
    }
  })
}

/** What a case has running beside MySQL. */
async function startDebezium(
  mysql: RunningServer,
  config: Record<string, string>,
  log: (message: string) => void
): Promise<{ kafka: RunningServer; debezium: Debezium; topics: Topics } & AsyncDisposable> {
  await using started = new AsyncDisposableStack()
  const kafka = started.use(await startServer('kafka', { log }))
  const bootstrap = `127.0.0.1:${kafka.port}`
  log('starts Debezium')
  const debezium = started.use(await Debezium.start({ bootstrap, mysql: mysql.url, tables: [TABLE], config }))
  const topics = started.use(new Topics(bootstrap))
  const all = started.move()
  return { kafka, debezium, topics, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Rows of a log, read by both from the same server. */
export const besideDebezium: BenchCase = logCase(
  'cdc-tail-debezium',
  'rows of a MySQL log, inserted 1,000 a transaction: cdc-tail to /dev/null, Debezium, warm, to Kafka',
  (mysql, _peer, rows, range) => cdcTail(mysql, rows, 10, ...range)
)

/** The same, both to Kafka. */
export const toKafkaBesideDebezium: BenchCase = logCase(
  'cdc-tail-kafka',
  'rows of a MySQL log, inserted 1,000 a transaction, to Kafka: cdc-tail, Debezium, warm',
  (mysql, { kafka, topics }, rows, range) => cdcTailToKafka(mysql, kafka, topics, rows, ...range)
)

function logCase(
  name: string,
  measures: string,
  judged: (
    mysql: RunningServer,
    peer: { readonly kafka: RunningServer; readonly topics: Topics },
    rows: number,
    range: readonly string[]
  ) => Contestant[]
): BenchCase {
  return {
    name,
    measures,
    unit: 'rows',
    rows: 1_000_000,
    runs: RUNS,
    missing,

    async prepare({ rows, log }) {
      await using started = new AsyncDisposableStack()
      const mysql = started.use(await startServer('mysql', { log }))
      log(`inserts ${rows.toLocaleString('en')} rows into MySQL`)
      const from = await fill(mysql.url, joinsLoad(rows, 1000))
      const connection = await createConnection({ uri: mysql.url, multipleStatements: true })
      started.defer(() => connection.end())
      const to = await currentPlace(connection)
      const peer = started.use(await startDebezium(mysql, { 'snapshot.mode': 'no_data' }, log))
      let next = rows
      // It follows the log from some moment after its start on; only then does it have a place to go on from.
      for (; (await peer.topics.end(peer.debezium.topic(TABLE))) === 0; next++) {
        await connection.query(joinInserts(next, next + 1, 1))
        await sleep(200)
      }
      const insertMore = async (): Promise<void> => {
        const end = next + rows
        while (next < end) {
          const from = next
          next = Math.min(from + ROWS_IN_A_REQUEST, end)
          await connection.query(joinInserts(from, next, 1000))
        }
      }
      const range = ['--start', `${from.file}:${from.position}`, '--stop-at', `${to.file}:${to.position}`]
      const all = started.move()
      return {
        servers: [`MySQL ${mysql.version}`, `Kafka ${peer.kafka.version}`],
        judged: judged(mysql, peer, rows, range),
        peers: [debeziumContestant('Debezium', peer.debezium, peer.topics, TABLE, rows, insertMore)],
        [Symbol.asyncDispose]: () => all.disposeAsync()
      }
    }
  }
}

/** A table as it is, read by both from the same server. */
export const snapshotBesideDebezium: BenchCase = {
  name: 'cdc-tail-snapshot-debezium',
  measures: 'rows of a MySQL table, as snapshot events: cdc-tail to /dev/null, Debezium, warm, to Kafka',
  unit: 'rows',
  rows: 1_000_000,
  runs: RUNS,
  missing,

  async prepare({ rows, log }) {
    await using started = new AsyncDisposableStack()
    const { server } = await startLoadedServer(joinsLoad(rows, 1000), log)
    started.use(server)
    const { kafka, debezium, topics } = started.use(await startDebezium(server, {}, log))
    await topics.reaches(debezium.topic(TABLE), rows, 100, 600_000)
    const all = started.move()
    return {
      servers: [`MySQL ${server.version}`, `Kafka ${kafka.version}`],
      judged: cdcTail(server, rows, 8, '--snapshot', 'only'),
      peers: [debeziumContestant('Debezium', debezium, topics, TABLE, rows, () => debezium.forgetOffsets())],
      [Symbol.asyncDispose]: () => all.disposeAsync()
    }
  }
}
