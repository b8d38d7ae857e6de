import { usageError } from '../cli/index.ts'
import { DeadLetterFile, type DeadLetters } from './dead-letters.ts'
import { type InputOptions, openInput } from './input.ts'
import type { KafkaInput } from './kafka/input.ts'
import type { KafkaOutput } from './kafka/output.ts'
import type { Compression } from './kafka/record-batch.ts'
import { openOutput } from './output.ts'
import type { Input, Output, PartitionStates } from './ports.ts'
import type { StateDirectory } from './state.ts'

/** What an output needs to know if it is topics. */
export interface KafkaOutputFlags {
  /** The tool, for the brokers' own log. */
  readonly clientId: string
  /** A template, where the port names no topic. */
  readonly topic?: string | undefined
  /** `source.name` of the lines. */
  readonly sourceName?: string
  /** The lines are plain rows, not envelopes. */
  readonly flat?: boolean
  readonly tombstones?: boolean
  readonly key?: string | undefined
  readonly transactionalId: string
  readonly compression: Compression
  /** Fields of the lines that records have as headers, too. */
  readonly headers?: readonly string[] | undefined
  readonly topicPartitions: number | undefined
  readonly topicConfig: readonly string[]
  readonly retryFor: number | undefined
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

export function isKafka(port: string): boolean {
  return port.startsWith('kafka://')
}

/**
 * Opens an output by its port: as `openOutput` does, or `kafka://…`.
 * @throws ToolError USAGE, OUTPUT
 */
export async function openOutputPort(
  port: string,
  options: { readonly append: boolean },
  kafka: KafkaOutputFlags
): Promise<Output> {
  return isKafka(port) ? openKafka(port, kafka) : openOutput(port, options)
}

/** The client is loaded by those who need it. */
async function openKafka(port: string, options: KafkaOutputFlags): Promise<KafkaOutput> {
  const { openKafkaOutput } = await import('./kafka/open-output.ts')
  return openKafkaOutput(port, options)
}

/** What an input needs to know if it is topics. */
export interface KafkaInputFlags {
  /** The tool, for the brokers' own log. */
  readonly clientId: string
  readonly stopAt: 'now' | undefined
  /** The pipeline's state directory. */
  readonly state?: string | undefined
  readonly retryFor: number | undefined
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

/**
 * Opens an input by its port: as `openInput` does, or `kafka://…`.
 * @throws ToolError USAGE, INPUT
 */
export async function openInputPort(
  port: string,
  options: InputOptions,
  kafka: KafkaInputFlags
): Promise<Input> {
  if (!isKafka(port)) return openInput(port, options)
  const { openKafkaInput } = await import('./kafka/open-input.ts')
  return openKafkaInput(port, kafka, options.holdsMemory)
}

/** How lines come to lie in partitions by what is counted together. */
export interface RepartitionFlags {
  /** What `--repartition-by` gives. */
  readonly by: readonly string[] | undefined
  /** The columns that groups are made of; null where nothing is counted. */
  readonly groups: readonly string[] | null
  /** What the topic is called by: the tool. */
  readonly name: string
}

/**
 * Opens topics by way of one that is keyed by other columns, if there are such.
 * @returns the input, and what writes its topic meanwhile
 * @throws ToolError USAGE, INPUT, SERVER
 */
export async function openRepartitioned(
  port: string,
  { by, groups, name }: RepartitionFlags,
  options: InputOptions,
  kafka: KafkaInputFlags & KafkaOutputFlags
): Promise<{ readonly input: Input; readonly written: Promise<void> }> {
  if (by === undefined || by.length === 0) {
    return { input: await openInputPort(port, options, kafka), written: Promise.resolve() }
  }
  if (!isKafka(port))
    throw usageError('--repartition-by: --in is no topic', 'write --in kafka://broker/topic')
  const strange = by.find(column => groups !== null && !groups.includes(column))
  if (strange !== undefined) {
    const what =
      groups?.length === 0 ? 'everything is counted together' : `groups are made of ${groups?.join(', ')}`
    throw usageError(`--repartition-by ${strange}: ${what}`)
  }
  const { repartition } = await import('./kafka/repartition.ts')
  const through = await repartition(port, by, name, {
    ...kafka,
    transactionalId: `${kafka.transactionalId}.repartition`
  })
  // What is there at the start has been written before it is read.
  if (kafka.stopAt === 'now') await through.written
  return { input: await openInputPort(through.port, options, kafka), written: through.written }
}

/** What dead letters need to know if they go to a topic. */
export type DeadLetterFlags = Pick<KafkaInputFlags, 'clientId' | 'retryFor' | 'stop' | 'warn'>

/**
 * Opens what `--dead-letter` names: a file, or `kafka://…`; null when it is not given.
 * @throws ToolError USAGE, OUTPUT, SERVER
 */
export async function openDeadLetters(
  port: string | undefined,
  kafka: DeadLetterFlags
): Promise<DeadLetters | null> {
  if (port === undefined) return null
  if (!isKafka(port)) return new DeadLetterFile(port)
  const { openDeadLetterTopic } = await import('./kafka/open-dead-letters.ts')
  return openDeadLetterTopic(port, kafka)
}

/**
 * Where the output is topics, it is committed together with what marks stand for: the acknowledgement in the state
 * directory, or else the offsets of the group that the input reads as. So each result is there once.
 * @param state the tool's own, where it has registered
 * @param shared for a tool that keeps state: by which columns, unless the topic is known to be keyed by them, and the name
 *   that the topic of its state ends in
 * @returns where the states of partitions are kept, if each is worked on apart
 */
export async function commitTogether(
  input: Input,
  output: Output,
  state: StateDirectory | null,
  shared: { readonly columns: readonly string[] | null; readonly name: string } | null = null
): Promise<PartitionStates | null> {
  if (!isTopics(output)) return null
  if (state !== null) await output.transactional(state)
  else if (isGroup(input)) {
    output.transactionalWith(input)
    if (shared === null) return null
    const states = output.shareStates(`${input.groupId}.${shared.name}.state`)
    input.setApart({ states, columns: shared.columns })
    return states
  }
  return null
}

function isTopics(output: Output): output is KafkaOutput {
  return !output.takesMarks
}

function isGroup(input: Input): input is KafkaInput {
  return typeof (input as Partial<KafkaInput>).groupId === 'string'
}

/**
 * The transactional id of a tool that is no source: its name and the topic, so that a successor shuts a dead run out; with
 * neither name nor state there may be several of them, and each has its own.
 */
export function transactionalIdOf(
  tool: string,
  out: string,
  { state, name }: { readonly state?: string | undefined; readonly name?: string | undefined }
): string {
  const topic = /^kafka:\/\/[^/]*\/([^?]*)/.exec(out)?.[1] ?? ''
  const own =
    state === undefined && name === undefined ? [crypto.randomUUID()] : name === undefined ? [] : [name]
  return ['millrace', tool, ...own, topic].join('.')
}
