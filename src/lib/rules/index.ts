export {
  alertLine,
  alertParts,
  alertTexts,
  matchesOf,
  matchForAlerters,
  matchTime,
  matchWithCounts,
  stateOf
} from './alert.ts'
export { Backtest } from './backtest.ts'
export { adaptElastAlertConfig } from './config.ts'
export { Evaluator, type EvaluatorOutput } from './evaluator.ts'
export { lookup } from './fields.ts'
export { renderTemplate } from './jinja.ts'
export { keyColumns } from './key-columns.ts'
export { type Label, readLabels } from './labels.ts'
export { type LoadedRules, loadRules } from './load.ts'
export type { Match } from './match.ts'
export { pythonFormat, pythonStr } from './python-format.ts'
export { type Reloaded, RuleFiles, reloadRules } from './reload.ts'
export type { AlerterConfig, Rule } from './rule.ts'
export { changeSilences, lifted, readSilences, type Silence, SilenceFile } from './silence-file.ts'
export { formatProblem, type Problem } from './source.ts'
export { AlertStage, type Notifier } from './stage.ts'
export { rulesOf } from './state/file.ts'
export { formatIso, parseIso } from './time.ts'
export { WallClock } from './wall-clock.ts'
