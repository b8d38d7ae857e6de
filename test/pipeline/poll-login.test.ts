import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { events, killRunningTails, tail } from '../mysql/tail.ts'
import { Certificates, noOpenssl } from '../support/certificates.ts'
import { cannotPoll, openPolled, type Polled } from '../support/polled.ts'

describe('logging in to PostgreSQL', { skip: cannotPoll('postgres') || noOpenssl }, () => {
  let certificates: Certificates
  let db: Polled

  before(async () => {
    certificates = new Certificates()
    certificates.sign('here', 'IP:127.0.0.1')
    certificates.sign('elsewhere', 'DNS:db.example')
    db = await openPolled('postgres', tls('here'))
  })

  after(async () => {
    killRunningTails()
    await db?.end()
    rmSync(certificates.directory, { recursive: true, force: true })
  })

  const tls = (name: string): string[] => [
    '--ssl=on',
    `--ssl-cert-file=${certificates.path(`${name}.pem`)}`,
    `--ssl-key-file=${certificates.path(`${name}-key.pem`)}`
  ]

  /** Asks over the connection itself whether it is encrypted. */
  const asks = (parameters: string): ReturnType<typeof tail> =>
    tail(
      `${db.url}?${parameters}`,
      ...['--poll', 'bulk', '--stop-at', 'now'],
      ...['--poll-query', 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()']
    )

  const ca = (): string => `sslrootcert=${encodeURIComponent(certificates.path('ca.pem'))}`

  const isEncrypted = async (parameters: string): Promise<unknown> => {
    const { stdout, stderr } = await asks(parameters)
    const [event] = events(stdout)
    assert.ok(event !== undefined, stderr)
    return event.after?.ssl
  }

  test('without sslmode it is not encrypted; with require, verify-ca and verify-full it is', async () => {
    assert.equal(await isEncrypted(''), false)
    assert.equal(await isEncrypted('sslmode=require'), true)
    assert.equal(await isEncrypted(ca()), true)
    assert.equal(await isEncrypted(`sslmode=verify-full&${ca()}`), true)
  })

  test('a certificate that nobody known has signed is refused, with status 3', async () => {
    const { status, stderr, stdout } = await asks('sslmode=verify-ca')
    assert.equal(status, 3)
    assert.equal(stdout, '')
    assert.match(stderr, /self-signed certificate|unable to verify/)
  })

  test('verify-full refuses a certificate of another host, verify-ca takes it', async () => {
    await db.server?.restart(tls('elsewhere'))
    const { status, stderr } = await asks(`sslmode=verify-full&${ca()}`)
    assert.equal(status, 3)
    assert.match(stderr, /does not match certificate's altnames/)
    assert.equal(await isEncrypted(`sslmode=verify-ca&${ca()}`), true)
  })
})
