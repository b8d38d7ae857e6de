import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingProgram, run } from './tools.ts'

const keyrings = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp'
]

/** What this machine lacks to download Debian packages, in words, or null. */
export function missingForDebian(): string | null {
  return (
    missingProgram({ 'apt-get': 'to download Debian packages', 'dpkg-deb': 'to unpack Debian packages' }) ??
    (keyring() === undefined
      ? `none of ${keyrings.join(', ')} is there (package debian-archive-keyring)`
      : null) ??
    (debianMirror() === null
      ? 'no Debian mirror among the sources of apt (MILLRACE_DEBIAN_MIRROR may name the address of one)'
      : null)
  )
}

function keyring(): string | undefined {
  return keyrings.find(path => existsSync(path))
}

/** The address of the machine's own mirror of Debian's main archive, or null. */
function debianMirror(): string | null {
  const given = process.env.MILLRACE_DEBIAN_MIRROR
  if (given !== undefined && given !== '') return given
  // apt reads its sources in all their forms for us; --no-release-info: even those that were never updated.
  const format = ['--no-release-info', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Component: main']
  const addresses = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' }).split('\n')
  return addresses.find(address => /\/debian\/?$/.test(address)) ?? null
}

/**
 * Downloads packages of a Debian suite into `dir` and unpacks them there, without root and without touching the
 * machine's own apt: lists, cache and package status are private. The status is empty, so that all libraries come
 * along, libc included; programs must then run through the loader among them (see `unpackedProgram`).
 */
export async function unpackDebianPackages(
  dir: string,
  suite: string,
  packages: readonly string[]
): Promise<void> {
  await withPrivateApt(dir, suite, async apt => {
    await apt('install', '-qq', '-y', '--no-install-recommends', '--download-only', ...packages)
    const archives = join(dir, '.apt', 'cache', 'archives')
    for (const file of await readdir(archives)) {
      if (file.endsWith('.deb')) await run(['dpkg-deb', '-x', join(archives, file), dir])
    }
  })
  for (const part of ['doc', 'man', 'locale', 'lintian', 'bash-completion']) {
    await rm(join(dir, 'usr', 'share', part), { recursive: true, force: true })
  }
  await rm(join(dir, 'etc'), { recursive: true, force: true })
  await rm(join(dir, 'var'), { recursive: true, force: true })
}

/** Downloads packages alone, without what they depend on, and copies their shared libraries into `dir`. */
export async function copyDebianLibraries(
  dir: string,
  suite: string,
  packages: readonly string[]
): Promise<void> {
  await withPrivateApt(dir, suite, async (apt, work) => {
    await apt('download', '-qq', ...packages)
    const unpacked = join(work, 'unpacked')
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await run(['dpkg-deb', '-x', join(work, file), unpacked])
    }
    for (const entry of await readdir(unpacked, { recursive: true, withFileTypes: true })) {
      if (!/\.so(\.|$)/.test(entry.name)) continue
      const from = join(entry.parentPath, entry.name)
      await cp(from, join(dir, entry.name), { verbatimSymlinks: true })
    }
  })
}

/** The command that starts an unpacked program through the unpacked loader: the machine's libc may be older. */
export function unpackedProgram(dir: string, name: string): string[] {
  const libraries = [join(dir, 'usr/lib/x86_64-linux-gnu'), join(dir, 'lib/x86_64-linux-gnu')]
  const loader = libraries.map(path => join(path, 'ld-linux-x86-64.so.2')).find(path => existsSync(path))
  const program = [join(dir, 'usr/sbin', name), join(dir, 'usr/bin', name)].find(path => existsSync(path))
  if (loader === undefined || program === undefined)
    throw new Error(`${name} or its loader is missing below ${dir}`)
  return [loader, '--argv0', program, '--library-path', libraries.join(':'), program]
}

type Apt = (...args: string[]) => Promise<string>

async function withPrivateApt(
  dir: string,
  suite: string,
  work: (apt: Apt, folder: string) => Promise<void>
): Promise<void> {
  const folder = join(dir, '.apt')
  const mirror = debianMirror()
  if (mirror === null) throw new Error(missingForDebian() ?? 'no Debian mirror')
  for (const part of ['lists/partial', 'cache/archives/partial', 'none']) {
    await mkdir(join(folder, part), { recursive: true })
  }
  await writeFile(join(folder, 'sources.list'), `deb [signed-by=${keyring()}] ${mirror} ${suite} main\n`)
  await writeFile(join(folder, 'status'), assumedInstalled.map(statusEntry).join(''))
  await writeFile(join(folder, 'apt.conf'), aptConfiguration(folder))
  const apt: Apt = (...args) =>
    run(['apt-get', ...args], { cwd: folder, env: { ...process.env, APT_CONFIG: join(folder, 'apt.conf') } })
  await apt('update', '-qq')
  await work(apt, folder)
  await rm(folder, { recursive: true })
}

/** Large packages that the servers depend on for scripts which are never run here. */
const assumedInstalled = ['perl', 'perl-base']

function statusEntry(name: string): string {
  return [
    `Package: ${name}`,
    'Status: install ok installed',
    'Priority: optional',
    'Section: misc',
    'Maintainer: nobody <nobody@localhost>',
    'Architecture: amd64',
    'Multi-Arch: allowed',
    'Version: 999',
    'Description: taken to be installed',
    '\n'
  ].join('\n')
}

/**
 * Replaces what apt would read and write on the machine, except Dir::Etc::parts: apt.conf.d may carry what is needed to
 * reach the mirror (a proxy, Acquire::Check-Valid-Until).
 */
function aptConfiguration(folder: string): string {
  const settings = {
    'Dir::Etc::sourcelist': `${folder}/sources.list`,
    'Dir::Etc::sourceparts': `${folder}/none`,
    'Dir::Etc::preferences': `${folder}/none/preferences`,
    'Dir::Etc::preferencesparts': `${folder}/none`,
    'Dir::State::lists': `${folder}/lists`,
    'Dir::State::status': `${folder}/status`,
    'Dir::State::extended_states': `${folder}/extended_states`,
    'Dir::Cache': `${folder}/cache`,
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled': 'false',
    'Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled': 'false'
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key} "${value}";\n`)
    .join('')
}
