import path from 'node:path'
import { isObject, type JsonObject } from './fields.ts'
import { loadExport } from './js-module.ts'
import type { OptionReader } from './option-reader.ts'
import type { Enhancements } from './rule.ts'
import { parseIso, strftime } from './time.ts'

/**
 * ElastAlert's match_enhancements: the default exports of JavaScript modules, called with the match and the rule's options.
 * They change the match, or return another; null drops it.
 */
export function readEnhancements(options: OptionReader): Enhancements {
  const first = options.boolean('run_enhancements_first') === true
  const names = options.strings('match_enhancements') ?? []
  const list = names.flatMap((name, i) => {
    if (BUILT_IN.has(name)) return [{ name, run: prettyTime }]
    try {
      const run = loadExport(name, path.dirname(options.file)) as Enhancements['list'][number]['run']
      return [{ name, run }]
    } catch (error) {
      options.error(['match_enhancements', i], (error as Error).message)
      return []
    }
  })
  return { list, first }
}

const BUILT_IN = new Set(['TimeEnhancement', 'elastalert.enhancements.TimeEnhancement'])

/** The one that ElastAlert brings: @timestamp as texts have it. */
function prettyTime(
  match: JsonObject,
  { use_local_time: local, custom_pretty_ts_format: form }: JsonObject
): void {
  const micros = parseIso(String(match['@timestamp']))
  if (micros === undefined) return
  const format = typeof form === 'string' ? form : '%Y-%m-%d %H:%M %Z'
  match['@timestamp'] = strftime(micros, format, local === true)
}

/** The match as enhancements leave it; undefined when one drops it. What one of them raises is said in the match. */
export function enhanced(
  row: JsonObject,
  { list }: Enhancements,
  options: JsonObject
): JsonObject | undefined {
  let match = row
  for (const { name, run } of list) {
    try {
      const answer = run(match, options)
      if (answer === null) return undefined
      if (isObject(answer) && !(answer instanceof Promise)) match = answer
      else if (answer !== undefined) throw new Error('gives a match, nothing, or null to drop it')
    } catch (error) {
      match.enhancement_error = `${name}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return match
}
