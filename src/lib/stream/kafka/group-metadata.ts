import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription
} from '@platformatic/kafka'
import type { Partition } from './offsets.ts'

/** What a member of a classic group tells the one that divides. */
export interface Member {
  readonly id: string
  readonly topics: ReadonlySet<string>
  /** What it has in hand, and goes on with until it hears that others shall have it. */
  readonly owned: readonly Partition[]
  /** The generation in which it was given that; -1 where it does not tell. */
  readonly generation: number
}

/** The first with the generation of what a member has. */
const WITH_GENERATION = 2
const NO_GENERATION = -1
const INT32 = 4

interface TopicPartitions {
  topic: string
  partitions: number[]
}

/**
 * A member's words, as every assignor of Java's clients has them. The generation is in the user data, too, where leaders
 * look for it that know only version 1.
 *
 * Source: ConsumerProtocolSubscription of Kafka's clients; https://cwiki.apache.org/confluence/display/KAFKA/KIP-792
 */
export function encodeMember({ topics, owned, generation }: Omit<Member, 'id'>): Buffer {
  const userData = Buffer.alloc(INT32)
  userData.writeInt32BE(generation)
  return encodeConsumerProtocolSubscription({
    version: WITH_GENERATION,
    topics: [...topics],
    userData,
    ownedPartitions: topicsOf(owned),
    generationId: generation
  })
}

export function decodeMember(id: string, metadata: Buffer): Member {
  const { topics, userData, ownedPartitions, generationId } = decodeConsumerProtocolSubscription(metadata)
  // Java has a generation alone there, librdkafka the assignment before it.
  const isThere = generationId < 0 && userData.length >= INT32
  const generation = isThere ? userData.readInt32BE(userData.length - INT32) : generationId
  return {
    id,
    topics: new Set(topics),
    owned: partitionsOf(ownedPartitions),
    generation: Math.max(NO_GENERATION, generation)
  }
}

export function encodeShare(partitions: readonly Partition[]): Buffer {
  return encodeConsumerProtocolAssignment({ version: 0, assignedPartitions: topicsOf(partitions) })
}

export function decodeShare(assignment: Buffer): Partition[] {
  return partitionsOf(decodeConsumerProtocolAssignment(assignment).assignedPartitions)
}

function topicsOf(partitions: readonly Partition[]): TopicPartitions[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
    topic,
    partitions: of.map(({ partition }) => partition)
  }))
}

function partitionsOf(topics: readonly TopicPartitions[]): Partition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })))
}
