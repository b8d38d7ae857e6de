import { readFileSync, statSync } from 'node:fs'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'
import { lockFile, replaceFile } from '../stream/index.ts'
import { isObject } from './fields.ts'
import { formatIso, parseIso } from './time.ts'

/**
 * A stretch of event time in which alerts of a rule, or of one of its keys, notify nobody. Its bounds are part of the record, so
 * that the same events with the same silences give the same alerts, whenever they are evaluated. ISO 8601 times; `until` is
 * the first moment after it.
 */
export interface Silence {
  rule: string
  /** As in the alert; null for the whole rule. */
  key: string | null
  from: string
  until: string
}

/** Whether an alert at this event time, in microseconds, lies within a silence. */
export type IsSilenced = (rule: string, key: string | null, micros: number) => boolean

interface Interval {
  key: string | null
  from: number
  until: number
}

/**
 * Reads a file of silences; one that does not exist holds none.
 * @throws ToolError STATE when it is damaged
 */
export function readSilences(file: string): Silence[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw new ToolError('STATE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
  try {
    const content: unknown = JSON.parse(text)
    const list = isObject(content) ? content.silences : undefined
    if (Array.isArray(list) && list.every(isSilence)) return list
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new ToolError('STATE', `${file} holds no silences: {"silences":[{rule, key, from, until}, ...]}`, {
    hint: 'restore it, or remove it to lift them all'
  })
}

function isSilence(value: unknown): value is Silence {
  if (!isObject(value)) return false
  const { rule, key, from, until } = value
  const isTime = (t: unknown): boolean => typeof t === 'string' && parseIso(t) !== undefined
  return (
    typeof rule === 'string' && (key === null || typeof key === 'string') && isTime(from) && isTime(until)
  )
}

/** Changes a file of silences; of several who do at once each sees what the others did. @throws ToolError STATE, OUTPUT */
export async function changeSilences(
  file: string,
  change: (silences: Silence[]) => Silence[]
): Promise<void> {
  const unlock = await lockFile(`${file}.lock`, file)
  try {
    const silences = change(readSilences(file))
    await replaceFile(file, `${JSON.stringify({ silences }, null, 1)}\n`)
  } finally {
    unlock()
  }
}

/**
 * The silences with those of a rule, or of one key, ended at a time in microseconds. What has begun keeps its beginning, so
 * that events of then are silenced in a replay too; what has not is gone.
 */
export function lifted(
  silences: Silence[],
  rule: string,
  key: string | undefined,
  micros: number
): Silence[] {
  return silences.flatMap(silence => {
    if (silence.rule !== rule || (key !== undefined && silence.key !== key)) return [silence]
    if (parseIso(silence.from)! >= micros) return []
    return [parseIso(silence.until)! > micros ? { ...silence, until: formatIso(micros) } : silence]
  })
}

/** A file of silences as a running evaluation sees it. */
export class SilenceFile {
  readonly #file: string
  readonly #damaged: (error: unknown) => void
  #version: string
  #byRule: Map<string, Interval[]>

  /**
   * @param damaged told of a file that cannot be read later on; what it held before goes on
   * @throws ToolError STATE
   */
  constructor(file: string, damaged: (error: unknown) => void) {
    this.#file = file
    this.#damaged = damaged
    this.#version = versionOf(file)
    this.#byRule = intervalsByRule(readSilences(file))
  }

  /** Takes up what has changed: a look at the file's version, cheap enough for every block of lines. */
  refresh(): void {
    const version = versionOf(this.#file)
    if (version === this.#version) return
    this.#version = version
    try {
      this.#byRule = intervalsByRule(readSilences(this.#file))
    } catch (error) {
      this.#damaged(error)
    }
  }

  readonly isSilenced: IsSilenced = (rule, key, micros) =>
    this.#byRule
      .get(rule)
      ?.some(i => (i.key === null || i.key === key) && micros >= i.from && micros < i.until) ?? false
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
}

function intervalsByRule(silences: Silence[]): Map<string, Interval[]> {
  const byRule = new Map<string, Interval[]>()
  for (const { rule, key, from, until } of silences) {
    const intervals = byRule.get(rule) ?? []
    intervals.push({ key, from: parseIso(from)!, until: parseIso(until)! })
    byRule.set(rule, intervals)
  }
  return byRule
}
