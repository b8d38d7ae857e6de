export { RowError, SqlError, type SqlErrorCode } from './errors.ts'
export { Lookups } from './lookup/lookups.ts'
export { compile, Query, type QueryOptions, type RejectedLine } from './query.ts'
export { QueryStage, type StageOptions } from './stage.ts'
