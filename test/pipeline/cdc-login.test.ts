import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { dataLines, killRunningTails, logEnd, tail } from '../mysql/tail.ts'
import { Certificates, noOpenssl } from '../support/certificates.ts'
import { samples } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** Options of a server. */
function serverOptions(certificates: Certificates, name: string): string[] {
  return [
    `--ssl-ca=${certificates.path('ca.pem')}`,
    `--ssl-cert=${certificates.path(`${name}.pem`)}`,
    `--ssl-key=${certificates.path(`${name}-key.pem`)}`
  ]
}

/** Parameters of a URL. */
function parameters(certificates: Certificates, mode: string, client?: string): string {
  const file = (name: string): string => encodeURIComponent(certificates.path(name))
  const ca = `ssl-mode=${mode}&ssl-ca=${file('ca.pem')}`
  return client === undefined
    ? ca
    : `${ca}&ssl-cert=${file(`${client}.pem`)}&ssl-key=${file(`${client}-key.pem`)}`
}

for (const name of samples(['mysql', 'mysql80', 'mariadb'], ['mysql', 'mariadb'])) {
  describe(`logging in to ${name}`, { skip: unavailable(name) || noOpenssl }, () => {
    let certificates: Certificates
    let server: RunningServer
    let connection: Connection

    before(async () => {
      certificates = new Certificates()
      certificates.sign('here', 'IP:127.0.0.1')
      certificates.sign('elsewhere', 'DNS:db.example')
      certificates.sign('client', 'DNS:client.example')
      server = await startServer(name, { args: serverOptions(certificates, 'here') })
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)')
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.stop()
      rmSync(certificates.directory, { recursive: true, force: true })
    })

    /** A snapshot and the changes after it, as two lines of numbers: both ways to the server log in for themselves. */
    async function reads(user: string, query: string): Promise<void> {
      const url = `mysql://${user}:secret@127.0.0.1:${server.port}/test?${query}`
      const snapshot = await tail(url, '--tables', 't', '--snapshot', 'only')
      assert.equal(dataLines(snapshot.stdout).length, 2, snapshot.stderr)
      const start = await logEnd(connection)
      await connection.query('INSERT INTO t VALUES (3); DELETE FROM t WHERE id = 3')
      const changes = await tail(
        url,
        '--tables',
        't',
        '--start',
        start,
        '--stop-at',
        'now',
        '--snapshot',
        'never'
      )
      assert.equal(dataLines(changes.stdout).length, 2, changes.stderr)
    }

    async function isRefused(user: string, query: string, message: RegExp): Promise<void> {
      const url = `mysql://${user}:secret@127.0.0.1:${server.port}/test?${query}`
      const { status, stderr, stdout } = await tail(url, '--tables', 't', '--snapshot', 'only')
      assert.equal(status, 3, stderr)
      assert.match(stderr, message)
      assert.equal(stdout, '')
    }

    async function createUser(user: string, clause: string): Promise<void> {
      await connection.query(`CREATE USER ${user}@'%' ${clause}`)
      await connection.query(
        `GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${user}@'%'`
      )
    }

    const byMariadb = name === 'mariadb'

    test('a certificate of the host is believed, one of another host refused with verify-identity only', async () => {
      await createUser('sure', "IDENTIFIED BY 'secret' REQUIRE SSL")
      await reads('sure', parameters(certificates, 'verify-identity'))
      await server.restart(serverOptions(certificates, 'elsewhere'))
      connection.destroy()
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await isRefused('sure', parameters(certificates, 'verify-identity'), /127\.0\.0\.1.*(cert|altnames)/i)
      await reads('sure', parameters(certificates, 'verify-ca'))
    })

    test('a client certificate is shown where the user must have one', async () => {
      await createUser('known', "IDENTIFIED BY 'secret' REQUIRE X509")
      await reads('known', parameters(certificates, 'verify-ca', 'client'))
      await isRefused('known', parameters(certificates, 'verify-ca'), /Access denied/)
    })

    test('preferred takes TLS where there is some', async () => {
      await createUser('picky', "IDENTIFIED BY 'secret' REQUIRE SSL")
      await reads('picky', 'ssl-mode=preferred')
      await isRefused('picky', 'ssl-mode=disabled', /Access denied/)
    })

    for (const plugin of ['caching_sha2_password', 'sha256_password']) {
      test(`${plugin}, first without a cached password and without TLS`, { skip: byMariadb }, async () => {
        const user = `by_${plugin}`
        await createUser(user, `IDENTIFIED WITH ${plugin} BY 'secret'`)
        await connection.query('FLUSH PRIVILEGES')
        await reads(user, 'ssl-mode=disabled')
        await reads(user, 'ssl-mode=preferred')
      })
    }

    test('mysql_native_password', { skip: name === 'mysql' && 'gone in 9' }, async () => {
      const clause = byMariadb
        ? 'IDENTIFIED VIA mysql_native_password USING'
        : 'IDENTIFIED WITH mysql_native_password BY'
      await createUser('old', byMariadb ? `${clause} PASSWORD('secret')` : `${clause} 'secret'`)
      await reads('old', 'ssl-mode=disabled')
    })
  })
}

describe('a server without TLS', { skip: unavailable('mysql80') }, () => {
  test('is read without it where it is preferred, and not where it is required', async () => {
    await using server = await startServer('mysql80', { args: ['--skip-ssl'] })
    const url = `${server.url}/test`
    const preferred = await tail(`${url}?ssl-mode=preferred`, '--snapshot', 'only')
    assert.equal(preferred.status, 0, preferred.stderr)
    const required = await tail(`${url}?ssl-mode=required`, '--snapshot', 'only')
    assert.equal(required.status, 3, required.stderr)
  })
})
