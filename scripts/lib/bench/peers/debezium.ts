import type { Debezium } from '../../peers/debezium.ts'
import type { Topics } from '../../peers/topic.ts'
import type { ServerContestant } from '../case.ts'
import { cpuMsOf, highWaterMark } from '../measure.ts'

/** Often enough for a run of seconds, and rare enough to cost nothing. */
const EVERY_MS = 20
const LONGEST_MS = 600_000

/**
 * Debezium in a worker that stays warm: between the runs only its connector is ended. A run lasts from the first record
 * in the topic to the last, so that neither start nor connecting counts; times are scaled to all rows, as some of them are
 * there when the first is seen.
 *
 * @param prepare leaves the work to be done, while the connector is stopped
 */
export function debeziumContestant(
  name: string,
  debezium: Debezium,
  topics: Topics,
  table: string,
  rows: number,
  prepare: () => Promise<void>
): ServerContestant {
  const topic = debezium.topic(table)
  return {
    name,
    async before() {
      await debezium.stopConnector()
      await prepare()
    },
    async work() {
      const { pid } = debezium
      const begin = await topics.end(topic)
      await debezium.resumeConnector()
      const seen = (await topics.reaches(topic, begin + 1, EVERY_MS, LONGEST_MS)) - begin
      const from = { ms: performance.now(), cpuMs: cpuMsOf(pid) }
      await topics.reaches(topic, begin + rows, EVERY_MS, LONGEST_MS)
      const scale = seen < rows ? rows / (rows - seen) : Number.NaN
      return {
        wallMs: (performance.now() - from.ms) * scale,
        cpuMs: (cpuMsOf(pid) - from.cpuMs) * scale,
        peakBytes: highWaterMark(pid)
      }
    }
  }
}
