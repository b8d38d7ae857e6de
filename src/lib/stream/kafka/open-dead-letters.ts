import { usageError } from '../../cli/index.ts'
import type { DeadLetters } from '../dead-letters.ts'
import type { DeadLetterFlags } from '../open-port.ts'
import { parseTemplate } from '../template.ts'
import { DeadLetterTopic } from './dead-letters.ts'
import { openCluster } from './open-cluster.ts'
import { KafkaOutput } from './output.ts'
import { parseKafkaUrl } from './url.ts'

const FLAG = '--dead-letter'
/** Letters of one document keep their order; those of lines that became none have no key. */
const KEY = '{dead_letter.id}'

/**
 * Connects, and makes the topic if it is not there: what is wrong is told at the start, not when the first bad line comes.
 * @throws ToolError USAGE, SERVER
 */
export async function openDeadLetterTopic(port: string, flags: DeadLetterFlags): Promise<DeadLetters> {
  const url = parseKafkaUrl(port, FLAG)
  const cluster = openCluster(url, FLAG, flags, `${FLAG} ${url.display}`)
  const { topic } = url
  if (topic === '') throw usageError(`${FLAG} ${url.display}: names no topic`, 'write kafka://broker/topic')
  if (topic.includes('{'))
    throw usageError(`${FLAG} ${url.display}: takes the name of one topic, no template`)
  const output = new KafkaOutput(cluster, {
    topic: parseTemplate(topic, FLAG),
    sourceName: '',
    flat: true,
    tombstones: false,
    key: parseTemplate(KEY, FLAG),
    partitions: undefined,
    config: [],
    // A letter is longer than its line, and topics take records of 1 MB unless told otherwise.
    compression: 'zstd',
    headers: [],
    transactionalId: '',
    isTransactionalIdGiven: false,
    transactionTimeoutMs: 0,
    stop: flags.stop,
    warn: flags.warn
  })
  await output.prepare(topic)
  return new DeadLetterTopic(url.display, output)
}
