export { expandEnv, needAwsCredentials, redactUrl } from './env.ts'
export { type ErrorCode, errnoOf, exitCodeOf, messageOf, ToolError, usageError } from './errors.ts'
export {
  type CommandSpec,
  camelCase,
  commonFlags,
  type Flag,
  type FlagSet,
  type FlagValues,
  inputFlags,
  type Operand,
  outputFlags,
  serverFlags,
  stateFlags
} from './flags.ts'
export {
  kafkaInputTexts,
  kafkaOutHelp,
  kafkaOutputFlags,
  kafkaOutputTexts,
  kafkaSecurityText,
  repartitionFlags
} from './kafka.ts'
export type { Log } from './log.ts'
export type { Metric } from './metrics.ts'
export { Backoff } from './retry.ts'
export { type Action, type Invocation, packageVersion, runTool } from './run.ts'
export { suggest } from './suggest.ts'
export { formatBytes, formatDuration, parseBytes, parseDuration } from './units.ts'
