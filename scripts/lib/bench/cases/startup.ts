import { readFileSync } from 'node:fs'
import type { BenchCase, Contestant } from '../case.ts'
import { tool } from '../commands.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { prints, writesLines } from '../proofs.ts'

interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
}

const manifest = JSON.parse(
  readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
) as Manifest

const node: Contestant = {
  name: 'node -e 0',
  command: () => ({ argv: [process.execPath, '-e', '0'] }),
  proof: prints('')
}

/** `--version` of all tools. */
export const startup: BenchCase = {
  name: 'startup',
  measures: '--version of each tool, from start to end',
  unit: null,
  rows: 1,
  runs: 21,

  async prepare() {
    const judged = Object.keys(manifest.bin).map(
      (name): Contestant => ({
        name: `${name} --version`,
        target: { wallMs: 80 },
        command: () => ({ argv: tool(name, '--version') }),
        proof: prints(`${name} ${manifest.version}`)
      })
    )
    return { servers: [], judged, peers: [node], async [Symbol.asyncDispose]() {} }
  }
}

/** How soon a query answers. */
export const firstOutput: BenchCase = {
  name: 'first-output',
  measures: 'enrich on a single change event, from start to end',
  unit: null,
  rows: 1,
  runs: 21,

  async prepare({ log }) {
    const stdin = await envelopeFile(1, log)
    const enrich: Contestant = {
      name: 'enrich',
      target: { wallMs: 200 },
      command: () => ({
        argv: tool('enrich', '-e', "SELECT id, amount * 2 AS twice FROM joins WHERE status <> ''"),
        stdin
      }),
      proof: writesLines(1, '{"before":null,"after":{"id":1,')
    }
    return { servers: [], judged: [enrich], peers: [node], async [Symbol.asyncDispose]() {} }
  }
}
