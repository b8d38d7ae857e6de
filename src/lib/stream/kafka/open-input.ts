import { parseDuration, usageError } from '../../cli/index.ts'
import type { KafkaInputFlags } from '../open-port.ts'
import { parseTime } from '../template.ts'
import { type GroupOptions, PROTOCOLS } from './chosen-group.ts'
import { SESSION_TIMEOUT_MS } from './group.ts'
import { KafkaInput } from './input.ts'
import { EARLIEST, LATEST } from './offsets.ts'
import { openCluster } from './open-cluster.ts'
import { Subscription } from './subscription.ts'
import { type KafkaUrl, parseKafkaUrl } from './url.ts'

const MARK_EVERY_MS = 1000

/** @param holdsMemory as of `InputOptions` @throws ToolError USAGE */
export function openKafkaInput(port: string, options: KafkaInputFlags, holdsMemory = false): KafkaInput {
  const url = parseKafkaUrl(port, '--in')
  const { parameters } = url
  const group = groupOf(url)
  const from = fromOf(parameters.get('from'), url.display)
  const markEvery = parameters.get('mark-every')
  const cluster = openCluster(url, '--in', options)
  const subscription = new Subscription(url.topic, `--in ${url.display}`)
  return new KafkaInput(cluster, {
    subscription,
    group,
    from,
    holdsMemory,
    stopAtNow: options.stopAt === 'now',
    markEveryMs: markEvery === undefined ? MARK_EVERY_MS : parseDuration(markEvery, 'mark-every'),
    root: options.state ?? null,
    stop: options.stop,
    warn: options.warn
  })
}

function groupOf({ parameters, display }: KafkaUrl): GroupOptions | undefined {
  const id = parameters.get('group')
  const session = parameters.get('session-timeout')
  const protocol = parameters.choice('group-protocol', PROTOCOLS)
  if (session !== undefined && protocol === 'consumer') {
    throw usageError(
      `--in ${display}: session-timeout is of the classic protocol`,
      'with group-protocol=consumer it is a setting of the group: consumer.session.timeout.ms'
    )
  }
  if (id === undefined) return undefined
  return {
    id,
    protocol: session === undefined ? protocol : 'classic',
    sessionTimeoutMs: session === undefined ? SESSION_TIMEOUT_MS : parseDuration(session, 'session-timeout')
  }
}

function fromOf(text: string | undefined, display: string): number {
  if (text === undefined || text === 'earliest') return EARLIEST
  if (text === 'latest') return LATEST
  const time = parseTime(text)
  if (time === undefined) {
    throw usageError(
      `--in ${display}: from=${text}: earliest, latest, or a time such as 2026-11-24T10:00:00Z`
    )
  }
  return time.getTime()
}
