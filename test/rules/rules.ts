import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import {
  alertLine,
  type Evaluator,
  formatProblem,
  type LoadedRules,
  loadRules,
  type Rule
} from '../../src/lib/rules/index.ts'

/** A folder with these files in it, gone after the test. */
export function folder(t: TestContext, files: Record<string, string>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'millrace-rules-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text)
  return dir
}

/** Loads one rule text; its problems as they are printed, file names without the folder. */
export function load(t: TestContext, text: string): LoadedRules & { printed: string[] } {
  const dir = folder(t, { 'rule.yaml': text })
  const loaded = loadRules([dir])
  return {
    ...loaded,
    printed: loaded.problems.map(
      p =>
        (p.severity === 'error' ? '' : `${p.severity}: `) +
        formatProblem({ ...p, file: path.relative(dir, p.file) }).replace(
          /'?(?:\/private)?\/[^ ]*millrace-rules-\w+\/([^ ']*)'?/g,
          'DIR/$1'
        )
    )
  }
}

/** The rules of texts that have no errors. */
export function rules(t: TestContext, ...texts: string[]): Rule[] {
  return texts.flatMap(text => {
    const { rules: found, printed } = load(t, text)
    if (found.length === 0) throw new Error(printed.join('\n'))
    return found
  })
}

export interface Outcome {
  alerts: string[]
  bad: { index: number; line: string; reason: string | undefined }[]
}

/** Runs blocks through an evaluator and gives what came out. */
export function run(evaluator: Evaluator, ...blocks: (string | Buffer)[]): Outcome {
  const outcome: Outcome = { alerts: [], bad: [] }
  for (const block of blocks) {
    const bytes = Buffer.from(block)
    evaluator.process(bytes, {
      match: match => outcome.alerts.push(alertLine(match)),
      badLine: (index, line, reason) => outcome.bad.push({ index, line: line.toString(), reason })
    })
    // as the memory of a block that has been worked off: nobody is to look at it again
    bytes.fill(0)
  }
  return outcome
}

export function ndjson(events: unknown[]): string {
  return events.map(e => `${JSON.stringify(e)}\n`).join('')
}
