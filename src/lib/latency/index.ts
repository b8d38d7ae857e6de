export type { StageFigures } from './figures.ts'
export { type Figures, LatencyProbe, STAGES, type StageName } from './probe.ts'
export { crossed, parseThreshold, type Threshold } from './thresholds.ts'
