import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A reason to skip tests that need certificates, or false. */
export const noOpenssl =
  spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl to make certificates'

/** An authority, and certificates that it signed. */
export class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'millrace-tls-'))

  constructor() {
    this.#openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=millrace test authority'
      ],
      ...['-keyout', this.path('ca-key.pem'), '-out', this.path('ca.pem')]
    )
  }

  /** Makes NAME.pem and NAME-key.pem. */
  sign(name: string, alternativeName: string): void {
    writeFileSync(this.path('extensions'), `subjectAltName=${alternativeName}\n`)
    this.#openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
      ...['-keyout', this.path(`${name}-key.pem`), '-out', this.path(`${name}.csr`)]
    )
    this.#openssl(
      ...['x509', '-req', '-days', '2', '-in', this.path(`${name}.csr`), '-out', this.path(`${name}.pem`)],
      ...['-CA', this.path('ca.pem'), '-CAkey', this.path('ca-key.pem'), '-CAcreateserial'],
      ...['-extfile', this.path('extensions')]
    )
  }

  path(file: string): string {
    return join(this.directory, file)
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'ignore' })
  }
}
