import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import type { RunningServer } from './servers.ts'

export function connectTo(server: RunningServer, database = 'test'): Promise<Connection> {
  return createConnection({ uri: `${server.url}/${database}`, multipleStatements: true })
}

/** The value of the first column of the first row. */
export async function scalar(connection: Connection, sql: string): Promise<string> {
  const [[row]] = (await connection.query(sql)) as unknown as [[Record<string, unknown>]]
  return String(Object.values(row)[0])
}

/** Makes a server replicate another by GTIDs, from the beginning of its log. */
export async function replicate(replica: Connection, primary: RunningServer): Promise<void> {
  const source = `MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='cdc', MASTER_PASSWORD='cdc', MASTER_CONNECT_RETRY=1`
  switch (primary.name) {
    case 'mariadb':
      await replica.query(`CHANGE MASTER TO ${source}, MASTER_USE_GTID=slave_pos; START SLAVE`)
      return
    case 'mysql':
      await replica.query(
        `CHANGE REPLICATION ${source.replaceAll('MASTER_', 'SOURCE_').replace('SOURCE_HOST', 'SOURCE TO SOURCE_HOST')}, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; START REPLICA`
      )
      return
    default:
      await replica.query(
        `CHANGE MASTER TO ${source}, MASTER_AUTO_POSITION=1${primary.name === 'mysql80' ? ', GET_MASTER_PUBLIC_KEY=1' : ''}; START SLAVE`
      )
  }
}

export async function promote(replica: Connection, name: string): Promise<void> {
  await replica.query(name === 'mysql' ? 'STOP REPLICA; RESET REPLICA ALL' : 'STOP SLAVE; RESET SLAVE ALL')
}

/** Waits until a query gives the same on both. */
export async function untilSame(a: Connection, b: Connection, sql: string): Promise<void> {
  const wanted = await scalar(a, sql)
  for (let i = 0; ; i++) {
    const found = await scalar(b, sql).catch(String)
    if (found === wanted) return
    if (i === 600) throw new Error(`${sql}: ${found}, not ${wanted}`)
    await sleep(50)
  }
}
