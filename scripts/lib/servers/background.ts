import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServerName } from './catalogue.ts'
import { stopPatience } from './guardian.ts'
import { cacheFolder } from './install.ts'

/** A server that outlives the command that started it. The record is a file, which the guardian removes at its end. */
export interface BackgroundServer {
  readonly name: ServerName
  readonly version: string
  readonly port: number
  readonly url: string
  readonly pid: number
  readonly guardianPid: number
  readonly dataDir: string
}

function folder(): string {
  return join(cacheFolder(), 'running')
}

export function recordFile(name: ServerName, port: number): string {
  return join(folder(), `${name}-${port}.json`)
}

export async function record(server: BackgroundServer): Promise<void> {
  const file = recordFile(server.name, server.port)
  await mkdir(folder(), { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(server)}\n`)
  await rename(`${file}.new`, file)
}

/** The servers that run in the background. Records of guardians that were killed are removed. */
export async function backgroundServers(): Promise<BackgroundServer[]> {
  if (!existsSync(folder())) return []
  const running: BackgroundServer[] = []
  for (const entry of (await readdir(folder())).sort()) {
    if (!entry.endsWith('.json')) continue
    const file = join(folder(), entry)
    const server = JSON.parse(await readFile(file, 'utf8')) as BackgroundServer
    if (await isGuardian(server.guardianPid)) running.push(server)
    else await rm(file, { force: true })
  }
  return running
}

/** Ends the server in order; its data go too, unless their folder was given at the start. */
export async function stopBackgroundServer(server: BackgroundServer): Promise<void> {
  process.kill(server.guardianPid, 'SIGTERM')
  const deadline = Date.now() + stopPatience + 5000
  while (await isGuardian(server.guardianPid)) {
    if (Date.now() > deadline) throw new Error(`${server.name} on port ${server.port} does not end`)
    await delay(50)
  }
}

/** Whether the process is one of our guardians: after a reboot another process may have the number. */
async function isGuardian(pid: number): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('guardian.ts')
  } catch {
    return false // no such process
  }
}
