import { isAppendOnly } from './append-only.ts'
import { ChangePipeline } from './change-pipeline.ts'
import { Dataflow } from './dataflow.ts'
import { type IdlenessOptions, NEVER_IDLE } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import type { Pipeline } from './pipeline.ts'
import type { Plan } from './plan.ts'
import type { Results } from './results.ts'
import { RowPipeline } from './row-pipeline.ts'
import type { Settings } from './settings.ts'
import { StateMemory } from './state/state-memory.ts'

/** The pipeline of a plan; it writes to `results`. */
export function createPipeline(
  plan: Plan,
  results: Results,
  tables: Lookups,
  settings: Settings,
  idleness: IdlenessOptions = NEVER_IDLE,
  memory = new StateMemory()
): Pipeline {
  const { input } = plan
  if (input.kind !== 'scan') return new Dataflow(plan, results, tables, settings, idleness, memory)
  return isAppendOnly(input)
    ? new RowPipeline(plan, input, results)
    : new ChangePipeline(plan, input, results)
}
