import type { GatewaySession } from '../../../../src/lib/sql/flink/gateway.ts'
import type { Flink } from '../../peers/flink.ts'
import type { ServerContestant } from '../case.ts'
import { cpuMsOf, highWaterMark } from '../measure.ts'

/**
 * A query of Flink with parallelism 1 in a cluster that stays warm, its results into nothing. A run lasts as long as the
 * job: neither the start of the cluster nor planning counts, but in the CPU time all that the task manager does.
 */
export function flinkContestant(session: GatewaySession, flink: Flink, insert: string): ServerContestant {
  return {
    name: 'Flink',
    async work() {
      const pid = flink.taskManager
      const cpuMs = cpuMsOf(pid)
      const { jobId } = await session.run(insert)
      if (jobId === undefined) throw new Error('Flink started no job')
      return {
        wallMs: await flink.runTimeOf(jobId),
        cpuMs: cpuMsOf(pid) - cpuMs,
        peakBytes: highWaterMark(pid)
      }
    }
  }
}
