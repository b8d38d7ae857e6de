export { ElasticConnection, type ServerInfo } from './connection.ts'
export { type Deletes, Documents, type WriteMode } from './documents.ts'
export { parseIndexRules } from './index-rules.ts'
export { ElasticSink, type SinkCounts, type SinkOptions } from './sink.ts'
