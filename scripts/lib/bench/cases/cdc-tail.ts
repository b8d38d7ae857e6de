import { existsSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackedProgram } from '../../servers/debian.ts'
import { serverAvailability } from '../../servers/index.ts'
import { prefixOf } from '../../servers/install.ts'
import type { BenchCase, Contestant, Target } from '../case.ts'
import { program, tool } from '../commands.ts'
import { joinsLoad, type Load, type LoadedServer, startLoadedServer } from '../data/binlog.ts'
import { largeLoad, wideLoad } from '../data/broad.ts'
import { cachedFolder } from '../data/cache.ts'
import { leaves, prints, writesLines } from '../proofs.ts'

/** Whatever the rows are like. */
export const MOST_MEMORY = 150e6

/** What every row's event begins with; marks do not. */
const firstOfLine = '{"before":null,"after":{"id":'

/** Rows of a log as change events, when they come in bulk. */
export const tail = tailCase(rows => joinsLoad(rows, 1000), {
  name: 'cdc-tail',
  measures: 'rows of a MySQL log, inserted 1,000 a transaction, as change events to /dev/null',
  rows: 1_000_000,
  target: { perSecond: 600_000, peakBytes: MOST_MEMORY }
})

/** The same when each row is a transaction, as most applications write: five events of the log a row. */
export const smallTransactions = tailCase(rows => joinsLoad(rows, 1), {
  name: 'cdc-tail-transactions',
  measures: 'rows of a MySQL log, each a transaction of its own, as change events to /dev/null',
  rows: 100_000,
  target: { perSecond: 60_000, peakBytes: MOST_MEMORY }
})

/** The same as in bulk, where the server packs each transaction with zstd. */
export const compressed = tailCase(rows => joinsLoad(rows, 1000, true), {
  name: 'cdc-tail-compressed',
  measures: 'rows of a MySQL log, 1,000 a compressed transaction, as change events to /dev/null',
  rows: 1_000_000,
  target: { perSecond: 400_000, peakBytes: MOST_MEMORY },
  // It cannot unpack transactions, says so once and leaves their rows out.
  withZongji: false
})

interface TailCase extends Pick<BenchCase, 'name' | 'measures' | 'rows'> {
  readonly target: Target
  readonly withZongji?: boolean
}

function tailCase(
  load: (rows: number) => Load,
  { name, measures, rows, target, withZongji = true }: TailCase
): BenchCase {
  return {
    name,
    measures,
    unit: 'rows',
    rows,
    missing: () => serverAvailability('mysql'),

    async prepare({ rows, log }) {
      const loaded = await startLoadedServer(load(rows), log)
      const copies = await cachedFolder('mysqlbinlog')
      return {
        servers: [`MySQL ${loaded.server.version}`],
        judged: [cdcTail(loaded, rows, target)],
        peers: [...(withZongji ? [zongji(loaded, rows)] : []), mysqlbinlog(loaded, copies)],
        [Symbol.asyncDispose]: () => loaded.server.stop()
      }
    }
  }
}

function cdcTail(loaded: LoadedServer, rows: number, target: Target): Contestant {
  const start = `${loaded.file}:${loaded.position}`
  return {
    name: 'cdc-tail',
    target,
    command: () => ({
      argv: tool('cdc-tail', cdcUrl(loaded), '--tables', 'joins', '--start', start, '--stop-at', 'now')
    }),
    proof: writesLines(rows, firstOfLine)
  }
}

function zongji(loaded: LoadedServer, rows: number): Contestant {
  const { file, position } = loaded
  return {
    name: '@vlasky/zongji, objects only',
    command: () => ({
      argv: program('peers/zongji.ts', cdcUrl(loaded), file, String(position), String(rows))
    }),
    proof: prints(String(rows))
  }
}

/** A table as it is. */
export const snapshot: BenchCase = {
  name: 'cdc-tail-snapshot',
  measures: 'rows of a MySQL table, as snapshot events to /dev/null',
  unit: 'rows',
  rows: 1_000_000,
  missing: () => serverAvailability('mysql'),

  async prepare({ rows, log }) {
    const loaded = await startLoadedServer(joinsLoad(rows, 1000), log)
    const { server } = loaded
    return {
      servers: [`MySQL ${server.version}`],
      judged: [
        {
          name: 'cdc-tail --snapshot only',
          target: { peakBytes: MOST_MEMORY },
          command: () => ({
            argv: tool('cdc-tail', cdcUrl(loaded), '--tables', 'joins', '--snapshot', 'only')
          }),
          proof: writesLines(rows, firstOfLine)
        }
      ],
      peers: [],
      [Symbol.asyncDispose]: () => server.stop()
    }
  }
}

/** Rows of 300 columns, of which each costs its code. */
export const wide = broadCase('cdc-tail-wide', 'rows of 300 columns', 20_000, wideLoad)

/** Rows that are larger than any buffer to begin with. */
export const large = broadCase('cdc-tail-large', 'rows of 1 MB', 400, largeLoad)

/** Cases of memory: log and table of unusual rows. */
function broadCase(name: string, what: string, rows: number, load: (rows: number) => Load): BenchCase {
  return {
    name,
    measures: `${what} of a MySQL log and of its table, as events to /dev/null`,
    unit: 'rows',
    rows,
    missing: () => serverAvailability('mysql'),

    async prepare({ rows, log }) {
      const loaded = await startLoadedServer(load(rows), log)
      const { server, file, position } = loaded
      const contestant = (name: string, ...args: string[]): Contestant => ({
        name,
        target: { peakBytes: MOST_MEMORY },
        command: () => ({ argv: tool('cdc-tail', cdcUrl(loaded), '--tables', 'broad', ...args) }),
        proof: writesLines(rows, firstOfLine)
      })
      return {
        servers: [`MySQL ${server.version}`],
        judged: [
          contestant('cdc-tail', '--start', `${file}:${position}`, '--stop-at', 'now'),
          contestant('cdc-tail --snapshot only', '--snapshot', 'only')
        ],
        peers: [],
        [Symbol.asyncDispose]: () => server.stop()
      }
    }
  }
}

function cdcUrl({ server }: LoadedServer): string {
  return `mysql://cdc:cdc@127.0.0.1:${server.port}/bench`
}

/** MySQL's own reader, which decodes nothing: what the transfer itself costs. */
function mysqlbinlog({ server, file, size }: LoadedServer, copies: string): Contestant {
  const copy = join(copies, file)
  return {
    name: 'mysqlbinlog --raw, to a file',
    before: () => rm(copy, { force: true }),
    command: () => ({
      argv: [
        ...unpackedProgram(prefixOf('mysql'), 'mysqlbinlog'),
        '--no-defaults',
        '--read-from-remote-server',
        '--raw',
        '--host=127.0.0.1',
        `--port=${server.port}`,
        '--user=cdc',
        '--password=cdc',
        `--result-file=${copies}/`,
        file
      ]
    }),
    proof: leaves(async () => {
      const copied = existsSync(copy) ? (await stat(copy)).size : 0
      return copied === size ? null : `${copied} bytes were copied, the log has ${size}`
    })
  }
}
