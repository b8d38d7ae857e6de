import { parseDuration, usageError } from '../cli/index.ts'
import { FIGURES, type Figure } from './figures.ts'
import { type Figures, STAGES, type StageName } from './probe.ts'

/** A limit on one figure: crossed when it is not below. Milliseconds, or events a second for `rate`. */
export interface Threshold {
  /** As the user wrote it. */
  readonly text: string
  readonly stage: StageName
  readonly figure: Figure
  readonly operator: '<' | '>'
  readonly limit: number
}

const FORM = /^(?:(.+)\.)?(count|rate|p50|p90|p99\.9|p99|max)\s*(<|=|>)\s*(.+)$/

/**
 * Reads `p99<50ms`, `source.p99<2s`, `rate>100`; `p99=50s` is `p99<50s`. Without a stage it is the default one.
 * @throws ToolError USAGE
 */
export function parseThreshold(text: string, defaultStage: StageName): Threshold {
  const m = FORM.exec(text.trim())
  const example = 'write p99<50s, source.p99.9<2s or rate>100'
  if (m === null) throw usageError(`--threshold: '${text}' is no limit on ${FIGURES.join(', ')}`, example)
  const [, stage = defaultStage, figure, operator, limit = ''] = m
  const known = STAGES.find(name => name === stage)
  if (known === undefined)
    throw usageError(`--threshold: '${text}': there is no stage ${stage}, only ${STAGES.join(', ')}`)
  const counted = figure === 'rate' || figure === 'count'
  const value = counted ? Number(limit) : parseDuration(limit, '--threshold')
  if (!(value >= 0)) throw usageError(`--threshold: '${limit}' is not a number`, example)
  return {
    text,
    stage: known,
    figure: figure as Figure,
    operator: operator === '>' ? '>' : '<',
    limit: value
  }
}

/** What to say about a threshold that these figures cross; undefined when they do not, or when its stage was not measured. */
export function crossed(threshold: Threshold, figures: Figures): string | undefined {
  const { stage, figure, operator, limit, text } = threshold
  const value = figures.stages[stage]?.[figure]
  if (value === undefined || (operator === '<' ? value < limit : value > limit)) return undefined
  const unit = figure === 'rate' ? ' events/s' : figure === 'count' ? ' events' : ' ms'
  return `${stage}.${figure} is ${value}${unit}, the limit is ${operator} ${limit}${unit} (${text})`
}
