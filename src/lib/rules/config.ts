import { isObject } from './fields.ts'
import { durationMicros, MICROS_PER_MS } from './time.ts'

/** Keys that ElastAlert's config.yaml has and a file of this tool's flags has not. */
const OF_ELASTALERT = ['rules_folder', 'es_host', 'es_hosts', 'writeback_index']

/**
 * ElastAlert's config.yaml as flags: rules_folder, run_every and buffer_time; the rest is about its index and its queries. A
 * file of flags is given back as it is.
 */
export function adaptElastAlertConfig(content: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!OF_ELASTALERT.some(key => Object.hasOwn(content, key))) return { ...content }
  const flags: Record<string, unknown> = {}
  if (content.rules_folder !== undefined) flags.rules = content.rules_folder
  for (const [key, flag] of [
    ['run_every', 'run-every'],
    ['buffer_time', 'buffer-time']
  ] as const) {
    const value = content[key]
    if (value === undefined) continue
    const micros = isObject(value) ? durationMicros(value) : undefined
    // what is no duration is left for the flag's own reader to name
    flags[flag] = micros === undefined ? JSON.stringify(value) : `${micros / MICROS_PER_MS}ms`
  }
  return flags
}
