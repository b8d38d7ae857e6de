/**
 * Writes man/<tool>.1 for every tool from its declaration in src/commands: node scripts/docs.ts. With --check nothing is
 * written; the status is 1 when a page differs, is missing, or belongs to no tool. Pages of other sections are written by
 * hand.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { CommandSpec } from '../src/lib/cli/index.ts'
import { formatMan } from '../src/lib/cli/man.ts'

const root = resolve(import.meta.dirname, '..')
export const manFolder = join(root, 'man')

/** The declarations of all tools, by name. */
export async function toolSpecs(): Promise<Map<string, CommandSpec>> {
  const specs = new Map<string, CommandSpec>()
  const files = readdirSync(join(root, 'src/commands')).filter(file => file.endsWith('.ts'))
  for (const file of files.sort()) {
    const { spec } = (await import(join(root, 'src/commands', file))) as { spec?: CommandSpec }
    if (spec === undefined) throw new Error(`src/commands/${file} exports no spec`)
    specs.set(basename(file, '.ts'), spec)
  }
  return specs
}

/** What has to change in a folder of man pages: file names with their new text, null for one that must go. */
export function differences(
  folder: string,
  specs: ReadonlyMap<string, CommandSpec>
): Map<string, string | null> {
  const changes = new Map<string, string | null>()
  for (const [tool, spec] of specs) {
    const file = join(folder, `${tool}.1`)
    const text = formatMan(spec)
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) changes.set(`${tool}.1`, text)
  }
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (file.endsWith('.1') && !specs.has(basename(file, '.1'))) changes.set(file, null)
  }
  return changes
}

async function main(check: boolean): Promise<void> {
  const changes = differences(manFolder, await toolSpecs())
  if (check) {
    for (const file of changes.keys()) {
      console.error(`man/${file} differs from the declaration: run npm run docs`)
    }
    process.exitCode = changes.size > 0 ? 1 : 0
    return
  }
  mkdirSync(manFolder, { recursive: true })
  for (const [file, text] of changes) {
    if (text === null) unlinkSync(join(manFolder, file))
    else writeFileSync(join(manFolder, file), text)
    console.error(`man/${file}: ${text === null ? 'removed' : 'written'}`)
  }
}

if (import.meta.main) await main(process.argv.includes('--check'))
