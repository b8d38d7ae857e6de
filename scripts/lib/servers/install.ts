import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ServerName } from './catalogue.ts'
import type { ServerKind } from './kind.ts'

/** The folder below which all servers are installed: `millrace/servers` in the user's cache folder. */
export function cacheFolder(): string {
  const cache = process.env.XDG_CACHE_HOME
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'millrace', 'servers')
}

export function prefixOf(name: ServerName): string {
  return join(cacheFolder(), name)
}

interface Marker {
  readonly recipe: string
  readonly version: string
}

/** The version that is installed as the kind's recipe says, or null. */
export function installedVersion(kind: ServerKind): string | null {
  const file = markerFile(kind)
  if (!existsSync(file)) return null
  const marker = JSON.parse(readFileSync(file, 'utf8')) as Marker
  return marker.recipe === kind.recipe() ? marker.version : null
}

/** Written last: an installation without it was cut off, and is done again. */
function markerFile(kind: ServerKind): string {
  return join(prefixOf(kind.name), 'installed.json')
}

/**
 * Installs the server unless that is done, and returns its version. Of several processes one installs and the others wait.
 * `finish` does what needs the installed server, before it counts as installed.
 */
export async function ensureInstalled(
  kind: ServerKind,
  log: (message: string) => void,
  finish: () => Promise<void>
): Promise<string> {
  const installed = installedVersion(kind)
  if (installed !== null) return installed
  const missing = kind.missingForRun() ?? kind.missingForInstall()
  if (missing !== null) throw new Error(`cannot install ${kind.name}: ${missing}`)
  await mkdir(cacheFolder(), { recursive: true })
  const unlock = await lock(join(cacheFolder(), `.${kind.name}.lock`))
  try {
    return installedVersion(kind) ?? (await install(kind, log, finish))
  } finally {
    unlock()
  }
}

async function install(
  kind: ServerKind,
  log: (message: string) => void,
  finish: () => Promise<void>
): Promise<string> {
  const prefix = prefixOf(kind.name)
  log(`installing ${kind.name} into ${prefix} (once; it takes a minute at most on a usual line)`)
  await rm(prefix, { recursive: true, force: true })
  await mkdir(prefix, { recursive: true })
  const version = await kind.install(prefix)
  await finish()
  const marker: Marker = { recipe: kind.recipe(), version }
  await writeFile(`${markerFile(kind)}.new`, `${JSON.stringify(marker)}\n`)
  await rename(`${markerFile(kind)}.new`, markerFile(kind))
  return version
}

/**
 * Takes the lock of a file, waiting for it, and returns a function that gives it back. The lock belongs to a child that
 * reads from us: when this process dies in whatever way, the child reads an end of file and ends.
 */
export async function lock(file: string): Promise<() => void> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const [first] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])) as unknown[]
  if (!Buffer.isBuffer(first)) throw new Error(`cannot lock ${file} (flock)`)
  return () => holder.stdin.end()
}
