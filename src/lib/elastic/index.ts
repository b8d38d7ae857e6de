export { ElasticConnection, type ServerInfo } from './connection.ts'
export { Documents, type WriteMode } from './documents.ts'
export { ElasticSink, type SinkCounts, type SinkOptions } from './sink.ts'
