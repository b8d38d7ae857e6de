import { type InputOptions, openInput } from './input.ts'
import type { KafkaOutput } from './kafka/output.ts'
import type { Compression } from './kafka/record-batch.ts'
import { openOutput } from './output.ts'
import type { Input, Output } from './ports.ts'

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
  return openKafkaInput(port, kafka)
}
