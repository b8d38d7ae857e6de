import type { BenchCase } from '../case.ts'
import { alertDelay } from './alert-delay.ts'
import { fewRules, manyRules } from './alert-eval.ts'
import { hour } from './alert-eval-hour.ts'
import { keys } from './alert-eval-keys.ts'
import { compressed, large, smallTransactions, snapshot, tail, wide } from './cdc-tail.ts'
import { besideDebezium, snapshotBesideDebezium, toKafkaBesideDebezium } from './debezium.ts'
import { filter, spill, tumble } from './enrich.ts'
import {
  filterBesideFlink,
  groupsBesideFlink,
  manyKeysBesideFlink,
  temporalBesideFlink,
  tumbleBesideFlink
} from './enrich-flink.ts'
import { topicToTopic } from './enrich-kafka.ts'
import { sink } from './es-sink.ts'
import { lines, passThrough } from './lines.ts'
import { firstOutput, startup } from './startup.ts'

export const cases: readonly BenchCase[] = [
  tail,
  smallTransactions,
  compressed,
  snapshot,
  besideDebezium,
  toKafkaBesideDebezium,
  snapshotBesideDebezium,
  wide,
  large,
  filter,
  tumble,
  spill,
  filterBesideFlink,
  tumbleBesideFlink,
  manyKeysBesideFlink,
  groupsBesideFlink,
  temporalBesideFlink,
  topicToTopic,
  fewRules,
  manyRules,
  keys,
  hour,
  alertDelay,
  sink,
  lines,
  passThrough,
  startup,
  firstOutput
]
