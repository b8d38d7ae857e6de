export { type BadLine, BadLines, isDeadLetter, openDeadLetter } from './bad-lines.ts'
export { ByPartition } from './by-partition.ts'
export { ByteWriter, Constant, OutputWriter, viewOf } from './bytes.ts'
export { type Control, formatMark, formatResume, type Mark } from './control.ts'
export { DeadLetterFile } from './dead-letters.ts'
export { writeDigits, writeUint } from './digits.ts'
export { EnvelopeFinder } from './envelope-finder.ts'
export type { EnvelopeTail } from './envelope-tail.ts'
export { FieldFinder, skipValue, spanNumber, spanText } from './fields.ts'
export { readIfExists, readJsonIfExists, replaceFile } from './files.ts'
export { type InputOptions, openInput } from './input.ts'
export type { KafkaOutput } from './kafka/output.ts'
export { type KafkaUrl, parseKafkaUrl } from './kafka/url.ts'
export { countLines, eachLine, LineBlocks } from './lines.ts'
export { lockFile } from './lock.ts'
export { MarkNumbers } from './mark-numbers.ts'
export { MarkWriter } from './marks.ts'
export { Memory } from './memory.ts'
export {
  commitTogether,
  isKafka,
  type KafkaInputFlags,
  type KafkaOutputFlags,
  openDeadLetters,
  openInputPort,
  openOutputPort,
  openRepartitioned,
  transactionalIdOf
} from './open-port.ts'
export { endsPipeline, FileOutput, openOutput } from './output.ts'
export type {
  ControlLine,
  Input,
  InputEnd,
  Lines,
  Output,
  Part,
  PartitionStates,
  PartitionsChange
} from './ports.ts'
export { RepeatedNumber } from './repeated-number.ts'
export { RowFinder } from './row-finder.ts'
export { formatSchema, type RowColumn, type RowSchema } from './row-schema.ts'
export type { KeyedTable } from './rows-of.ts'
export { isSchemaChange } from './schema-change.ts'
export { loadSqlite } from './sqlite.ts'
export { type EndReason, runStage, type Stage } from './stage.ts'
export { StateDirectory } from './state.ts'
export { type DateFormat, parseTemplate, parseTime, type Template, type TemplatePiece } from './template.ts'
export {
  type Acknowledgement,
  forgetMember,
  type Member,
  oldestAcknowledged,
  oldestOf,
  type Run,
  readMembers,
  readTimeline,
  servedFrom,
  TIMELINE,
  type Timeline
} from './timeline.ts'
export { decoded, UrlParameters } from './url-parameters.ts'
export { unpackZstd } from './zstd.ts'
