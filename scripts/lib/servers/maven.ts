import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingProgram, run } from './tools.ts'

/** What this machine lacks to download from Maven repositories, in words, or null. */
export function missingForMaven(): string | null {
  return missingProgram({ mvn: 'to download jars' })
}

export interface MavenOptions {
  /** Only the artifacts themselves, not what they need at run time. */
  readonly alone?: boolean
  /** Unpack these files of the jars (Ant patterns) in place of copying the jars. */
  readonly unpack?: string
}

/**
 * Downloads artifacts (`group:artifact:version`) and all that they need at run time into `dir`, as jars.
 * Maven keeps copies in its own repository folder, as it always does.
 */
export async function mavenDownload(
  dir: string,
  artifacts: readonly string[],
  options: MavenOptions = {}
): Promise<void> {
  const work = join(dir, '.maven')
  await mkdir(work, { recursive: true })
  await writeFile(join(work, 'pom.xml'), pom(artifacts))
  const goal = options.unpack === undefined ? 'copy-dependencies' : 'unpack-dependencies'
  const settings = [`-DoutputDirectory=${dir}`, '-DincludeScope=runtime']
  if (options.alone) settings.push('-DexcludeTransitive=true')
  if (options.unpack !== undefined) settings.push(`-Dmdep.unpack.includes=${options.unpack}`)
  await run(['mvn', '-q', '-B', '-f', join(work, 'pom.xml'), `dependency:${goal}`, ...settings])
  await rm(work, { recursive: true })
}

function pom(artifacts: readonly string[]): string {
  const dependencies = artifacts.map(artifact => {
    const [group, name, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return (
    '<project><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>server</artifactId>' +
    `<version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>\n`
  )
}
