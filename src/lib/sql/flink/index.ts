export { FlinkError, GatewaySession } from './gateway.ts'
export { FlinkJob, type JobStatus } from './job.ts'
export { flinkScript, type ScriptOptions } from './script.ts'
