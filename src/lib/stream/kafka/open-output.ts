import { parseDuration, usageError } from '../../cli/index.ts'
import type { KafkaOutputFlags } from '../open-port.ts'
import { parseTemplate, type Template } from '../template.ts'
import { openCluster } from './open-cluster.ts'
import { KafkaOutput } from './output.ts'
import { parseTopicConfig } from './topics.ts'
import { parseKafkaUrl } from './url.ts'

/** Design: a successor need not wait for longer until what a dead run has left open is aborted. */
const TRANSACTION_TIMEOUT_MS = 10_000

/** @throws ToolError USAGE */
export function openKafkaOutput(port: string, options: KafkaOutputFlags): KafkaOutput {
  const url = parseKafkaUrl(port, '--out')
  const { parameters } = url
  const timeout = parameters.get('transaction-timeout')
  const givenId = parameters.get('transactional-id')
  const servers = `kafka://${url.brokers.map(({ host, port }) => `${host}:${port}`).join(',')}`
  const cluster = openCluster(url, '--out', options, servers)
  const topic = url.topic === '' ? options.topic : url.topic
  if (topic === undefined)
    throw usageError(`--out ${url.display}: names no topic`, 'write kafka://broker/topic')
  const partitions = options.topicPartitions
  if (partitions !== undefined && partitions < 1)
    throw usageError(`--topic-partitions ${partitions}: at least 1`)
  return new KafkaOutput(cluster, {
    topic: parseTemplate(topic, '--out'),
    sourceName: options.sourceName ?? '',
    flat: options.flat ?? false,
    tombstones: options.tombstones ?? false,
    key: keyOf(options.key),
    partitions,
    config: parseTopicConfig(options.topicConfig),
    compression: options.compression,
    headers: options.headers ?? [],
    transactionalId: givenId ?? options.transactionalId,
    isTransactionalIdGiven: givenId !== undefined,
    transactionTimeoutMs:
      timeout === undefined ? TRANSACTION_TIMEOUT_MS : parseDuration(timeout, 'transaction-timeout'),
    stop: options.stop,
    warn: options.warn
  })
}

/** `{contest_id}@{window_end}` is a template; `contest_id,window_end` are columns. */
function keyOf(text: string | undefined): Template | string[] | undefined {
  if (text === undefined) return undefined
  return text.includes('{') ? parseTemplate(text, '--key') : text.split(',').map(column => column.trim())
}
