import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, run } from './tools.ts'

const oldestMajor = 21
const onceCompiled = '-XX:TieredStopAtLevel=1'
const jvmFolder = '/usr/lib/jvm'

export interface Java {
  /** The folder of the installation, which holds bin/java. */
  readonly home: string
  readonly major: number
  readonly version: string
}

/**
 * The Java to use: the one of JAVA_HOME, else the one on PATH, else the newest below /usr/lib/jvm; older ones than 21 are
 * passed over, and ones without compiler when that is needed.
 */
export function findJava(needs: { compiler: boolean }): Java | null {
  const usable = (java: Java | null): java is Java =>
    java !== null &&
    java.major >= oldestMajor &&
    (!needs.compiler || existsSync(join(java.home, 'bin/javac')))
  const onPath = findProgram('java')
  const named = [process.env.JAVA_HOME, onPath === null ? undefined : dirname(dirname(realpathSync(onPath)))]
  for (const home of named) {
    const java = home === undefined || home === '' ? null : javaAt(home)
    if (usable(java)) return java
  }
  const system = existsSync(jvmFolder)
    ? readdirSync(jvmFolder).map(name => javaAt(join(jvmFolder, name)))
    : []
  return system.filter(usable).sort((a, b) => b.major - a.major)[0] ?? null
}

/** The same, in words for one that is missing. */
export function missingForJava(needs: { compiler: boolean }): string | null {
  if (findJava(needs) !== null) return null
  const what = needs.compiler ? 'JDK' : 'Java'
  return `no ${what} ${oldestMajor} or newer in JAVA_HOME, on PATH, or below ${jvmFolder}`
}

export function requireJava(needs: { compiler: boolean }): Java {
  const java = findJava(needs)
  if (java === null) throw new Error(missingForJava(needs) ?? 'no Java')
  return java
}

/** Every Java since 9 states its version in the file `release`; asking that starts no process. */
function javaAt(home: string): Java | null {
  const release = join(home, 'release')
  if (!existsSync(join(home, 'bin/java')) || !existsSync(release)) return null
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, 'utf8'))?.[1]
  if (version === undefined) return null
  return { home, version, major: Number.parseInt(version, 10) }
}

/** A source file of ours. */
export function javaSource(name: string): string {
  return fileURLToPath(new URL(`java/${name}`, import.meta.url))
}

/** For recipes: changes when the file does. */
export function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12)
}

/** Compiles one source file against a class path into a jar. */
export async function compileJava(source: string, classPath: string, jar: string): Promise<void> {
  const java = requireJava({ compiler: true })
  const classes = `${jar}.classes`
  await mkdir(classes)
  const options = ['-Xlint:-options', '--release', String(oldestMajor), '-cp', classPath, '-d', classes]
  await run([join(java.home, 'bin/javac'), ...options, source])
  await run([join(java.home, 'bin/jar'), 'cf', jar, '-C', classes, '.'])
  await rm(classes, { recursive: true })
}

/**
 * The class archive of an installation (class data sharing): with it a server starts in about half the time. It holds for
 * the Java that wrote it; another one passes it over without a word.
 */
export function classArchive(prefix: string): string {
  return join(prefix, 'classes.jsa')
}

/** The java command with options that all servers share. Heap sizes as Java writes them: `512m`. */
export function javaCommand(java: Java, prefix: string, heap: { initial: string; most: string }): string[] {
  const archive = classArchive(prefix)
  return [
    join(java.home, 'bin/java'),
    // Java's own remarks (an archive that does not fit, …) would otherwise go to stdout.
    '-Xlog:disable',
    '-Xlog:all=error:stderr',
    ...(existsSync(archive)
      ? [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto']
      : [`-XX:ArchiveClassesAtExit=${archive}`]),
    `-Xms${heap.initial}`,
    `-Xmx${heap.most}`,
    '-XX:+UseG1GC',
    '-XX:-UsePerfData',
    // Silences a warning about sun.misc.Unsafe; unknown before 23.
    ...(java.major >= 23 ? ['--sun-misc-unsafe-memory-access=allow'] : [])
  ]
}

/**
 * Makes the Java servers that this process and its children start from now on do without Java's second compiler: in a
 * server that lives for a minute it takes more time from the others than it ever gives back.
 */
export function compileOnce(): void {
  const options = process.env.JDK_JAVA_OPTIONS ?? ''
  if (!options.includes(onceCompiled)) process.env.JDK_JAVA_OPTIONS = `${options} ${onceCompiled}`.trim()
}
