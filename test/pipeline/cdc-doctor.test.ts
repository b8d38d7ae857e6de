import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

interface Finding {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly check: string
  readonly message: string
  readonly fix?: string
}

async function examine(
  url: string,
  ...flags: string[]
): Promise<{ status: number | null; findings: Finding[] }> {
  const { status, stdout, stderr } = await tail('doctor', url, '--json', ...flags)
  assert.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  return { status, findings: lines.map(line => JSON.parse(line) as Finding) }
}

/** What is not ok, as `state check`. */
const complaints = (findings: readonly Finding[]): string[] =>
  findings.filter(({ state }) => state !== 'ok').map(({ state, check }) => `${state} ${check}`)

for (const flavour of ['mysql80', 'mysql', 'mariadb'] as const) {
  describe(`cdc-tail doctor: ${flavour}`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection
    const as = (user: string): string => `mysql://${user}:x@127.0.0.1:${server.port}/test`

    before(async () => {
      server = await startServer(flavour)
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query(
        `CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE keyless (v INT);
         CREATE USER nobody@'%' IDENTIFIED BY 'x';
         CREATE USER columns@'%' IDENTIFIED BY 'x'; GRANT SELECT (v) ON test.keyless TO columns@'%';
         GRANT SELECT, LOCK TABLES ON test.* TO nobody@'%';
         CREATE ROLE replica; GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO replica;
         CREATE USER member@'%' IDENTIFIED BY 'x'; GRANT replica TO member@'%';
         SET DEFAULT ROLE replica ${flavour === 'mariadb' ? 'FOR' : 'TO'} member@'%'`
      )
    })

    after(async () => {
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    test('finds nothing wrong with a server that is set up for it', async () => {
      await connection.query("SET GLOBAL binlog_row_metadata = 'FULL'")
      const { status, findings } = await examine(cdcUrl(server, 'test'), '--tables', 't')
      assert.deepEqual(complaints(findings), [])
      assert.equal(status, 0)
      assert.deepEqual(
        findings.map(({ check }) => check),
        [
          'connection',
          'tls',
          'REPLICATION SLAVE',
          'REPLICATION CLIENT',
          'SELECT',
          'RELOAD',
          'log_bin',
          'binlog_format',
          'binlog_row_image',
          'binlog_row_metadata',
          'binlog_row_value_options',
          'gtid_mode',
          'retention',
          'binlog_checksum',
          'clock',
          'primary keys'
        ]
      )
    })

    test('counts the privileges of roles', async () => {
      const { findings } = await examine(as('member'), '--tables', 't')
      assert.deepEqual(complaints(findings), [])
    })

    test('names what is missing, with the SQL that gives it', async () => {
      const nobody = await examine(as('nobody'), '--tables', 't')
      assert.equal(nobody.status, 3)
      assert.deepEqual(complaints(nobody.findings), ['fail REPLICATION SLAVE', 'fail REPLICATION CLIENT'])
      assert.equal(nobody.findings[2]?.fix, "GRANT REPLICATION SLAVE ON *.* TO 'nobody'@'%'")
      for (const { fix } of nobody.findings) if (fix !== undefined) await connection.query(fix)
      const healed = await examine(as('nobody'), '--tables', 't')
      assert.deepEqual([healed.status, complaints(healed.findings)], [0, []])

      const columns = await examine(as('columns'), '--tables', 'keyless')
      assert.deepEqual(complaints(columns.findings).slice(0, 3), [
        'fail REPLICATION SLAVE',
        'fail REPLICATION CLIENT',
        'fail RELOAD'
      ])
      const lost = await examine(as('nobody'), '--tables', 'tt')
      assert.deepEqual([lost.status, complaints(lost.findings)], [3, ['fail tables']])
    })

    test('tells settings that lose something, and the SQL it gives puts them right', async () => {
      await connection.query(
        `SET GLOBAL binlog_format = 'STATEMENT'; SET GLOBAL binlog_row_image = 'MINIMAL';
         SET GLOBAL binlog_row_metadata = 'MINIMAL'; SET GLOBAL binlog_expire_logs_seconds = 3600;
         SET GLOBAL binlog_checksum = 'NONE'`
      )
      const { status, findings } = await examine(cdcUrl(server, 'test'))
      assert.equal(status, 3)
      assert.deepEqual(complaints(findings), [
        'fail binlog_format',
        'warn binlog_row_image',
        'warn binlog_row_metadata',
        'warn retention',
        'warn binlog_checksum',
        'warn primary keys'
      ])
      for (const { fix } of findings) if (fix?.startsWith('SET ')) await connection.query(fix)
      const healed = await examine(cdcUrl(server, 'test'))
      assert.deepEqual([healed.status, complaints(healed.findings)], [0, ['warn primary keys']])
      assert.match(healed.findings.at(-1)?.message ?? '', /^missing in `test`\.`keyless`: /)
    })

    test('prints lines for people, and says when nothing can be asked', async () => {
      const text = await tail('doctor', cdcUrl(server, 'test'), '--tables', 'keyless')
      assert.match(text.stdout, /^ok {3}connection: (MySQL|MariaDB) \d/)
      assert.match(
        text.stdout,
        /\nwarn primary keys: missing in [^\n]+; to change it: ALTER TABLE `test`\.`keyless` ADD PRIMARY KEY/
      )
      const wrong = await examine(`mysql://cdc:wrong@127.0.0.1:${server.port}/test`)
      assert.deepEqual([wrong.status, complaints(wrong.findings)], [3, ['fail connection']])
      assert.match(wrong.findings[0]?.message ?? '', /Access denied/)
    })

    test('tells whether the connection is encrypted, and to whom', {
      skip: flavour === 'mariadb' && 'it makes no certificates of its own'
    }, async () => {
      const tls = async (parameters: string): Promise<Finding | undefined> =>
        (await examine(`${cdcUrl(server, 'test')}${parameters}`, '--tables', 't')).findings[1]
      assert.deepEqual(await tls(''), { state: 'ok', check: 'tls', message: 'none, on this machine' })
      const required = await tls('?ssl-mode=required')
      assert.equal(required?.state, 'warn')
      assert.match(required?.message ?? '', /^TLSv1\.\d, but the server's certificate is not verified$/)
      const files = readdirSync(server.dataDir, { recursive: true }).map(String)
      const ca = join(server.dataDir, files.find(file => file.endsWith('ca.pem')) as string)
      const verified = await tls(`?ssl-mode=verify-ca&ssl-ca=${ca}`)
      assert.match(`${verified?.state} ${verified?.message}`, /^ok TLSv1\.\d, \w/)
    })

    test('tells that JSON updated in part is absent without the document before', {
      skip: flavour === 'mariadb' && 'MariaDB has no such updates'
    }, async () => {
      await connection.query("SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON'")
      assert.deepEqual(complaints((await examine(cdcUrl(server, 'test'), '--tables', 't')).findings), [])
      await connection.query("SET GLOBAL binlog_row_image = 'MINIMAL'")
      const { findings } = await examine(cdcUrl(server, 'test'), '--tables', 't')
      assert.deepEqual(complaints(findings), ['warn binlog_row_image', 'warn binlog_row_value_options'])
    })
  })
}
