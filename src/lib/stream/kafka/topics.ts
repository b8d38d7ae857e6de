import { createTopicsV7, describeConfigsV4, metadataV12 } from '@platformatic/kafka'
import { ToolError, usageError } from '../../cli/index.ts'
import { ANY, type Cluster, type Topic } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'

/** How topics are made that are not there. */
export interface NewTopics {
  /** Undefined: the brokers' own default. */
  readonly partitions: number | undefined
  readonly config: readonly (readonly [name: string, value: string])[]
}

const TOPIC_RESOURCE = 2 as const
const CREATE_TIMEOUT_MS = 15_000
const DEFAULT_LIMIT = 1_048_588

/** `name=value` each. @throws ToolError USAGE */
export function parseTopicConfig(texts: readonly string[]): [name: string, value: string][] {
  return texts.map(text => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === '')
      throw usageError(`--topic-config ${text}: not name=value`, 'e.g. --topic-config retention.ms=604800000')
    return [name, value]
  })
}

/** A topic that can be written to: made if it is not there, each of its partitions with a leader. @throws ToolError */
export function ensureTopic(cluster: Cluster, name: string, how: NewTopics): Promise<Topic> {
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
    throw new ToolError('DATA', `${cluster.name}: '${name}' cannot be the name of a topic`, {
      hint: 'names have letters, digits, dots, - and _, and at most 249 of them'
    })
  }
  return cluster.persist(async () => {
    const topic = (await cluster.topic(name)) ?? (await create(cluster, name, how))
    // Batches for a partition without a leader would have to be sent again and again.
    if (topic === null || topic.leaders.length === 0 || topic.leaders.includes(-1)) {
      throw new TryAgain(`topic ${name} has no leader yet`)
    }
    return topic
  })
}

async function create(
  cluster: Cluster,
  name: string,
  { partitions, config }: NewTopics
): Promise<Topic | null> {
  const { controllerId } = await cluster.ask(metadataV12, ANY, [], false, false)
  const configs = config.map(([name, value]) => ({ name, value }))
  const topic = { name, numPartitions: partitions ?? -1, replicationFactor: -1, assignments: [], configs }
  const { topics } = await cluster.ask(createTopicsV7, controllerId, [topic], CREATE_TIMEOUT_MS, false)
  const [created] = topics
  if (created !== undefined && errorName(created.errorCode) !== 'TOPIC_ALREADY_EXISTS') {
    cluster.check(created.errorCode, `topic ${name} cannot be created`, created.errorMessage)
  }
  return cluster.topic(name)
}

/** The largest batch that a topic takes, bytes; the default where its configuration may not be read. */
export async function largestBatch(cluster: Cluster, topic: string): Promise<number> {
  const key = 'max.message.bytes'
  const resource = { resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [key] }
  const { results } = await cluster.persist(() =>
    cluster.ask(describeConfigsV4, ANY, [resource], false, false)
  )
  const value = results[0]?.configs.find(({ name }) => name === key)?.value
  return value === undefined || value === null ? DEFAULT_LIMIT : Number(value)
}
