import { usageError } from '../../cli/index.ts'
import { OutputWriter } from '../bytes.ts'
import { MovedRows } from '../moved-rows.ts'
import type { KafkaInputFlags, KafkaOutputFlags } from '../open-port.ts'
import { runStage, type Stage } from '../stage.ts'
import { openKafkaInput } from './open-input.ts'
import { openKafkaOutput } from './open-output.ts'

/** Parameters of a URL that only an input understands. */
const OF_INPUT = ['group', 'from', 'mark-every', 'session-timeout', 'group-protocol']

export interface Repartition {
  /** The new topic, to be read in the place of the old ones, by a group of its own. */
  readonly port: string
  /** Resolves when all is written, or the tool is to stop. */
  readonly written: Promise<void>
}

/**
 * Writes topics anew, keyed by other columns, to a topic GROUP.TOOL.repartition: rows that are counted together lie in
 * one partition of it. Each is written once (offsets and records are one transaction). The topic is made with as many
 * partitions as those that are read have.
 *
 * @param name what the topic is called by
 * @throws ToolError USAGE, SERVER
 */
export async function repartition(
  port: string,
  columns: readonly string[],
  name: string,
  flags: KafkaInputFlags & Omit<KafkaOutputFlags, 'key'>
): Promise<Repartition> {
  // What it has read is told by its group alone.
  const input = openKafkaInput(port, { ...flags, state: undefined })
  const group = input.groupId
  if (group === null) {
    throw usageError('--repartition-by: --in needs a group', 'write kafka://broker/topic?group=GROUP')
  }
  const topic = `${group}.${name}.repartition`
  const output = openKafkaOutput(withTopic(port, topic, OF_INPUT), {
    ...flags,
    key: columns.join(','),
    tombstones: false,
    headers: undefined,
    topicConfig: [],
    topicPartitions: flags.topicPartitions ?? (await input.partitionCount())
  })
  output.transactionalWith(input)
  await output.prepare(topic)
  const writer = new OutputWriter(output)
  const rows = new MovedRows(columns)
  const stage: Stage = {
    begin: async () => {},
    lines: ({ bytes }) => rows.copy(bytes, writer.bytes),
    async mark(mark) {
      await writer.drain()
      await output.sync(mark)
    },
    end: () => writer.drain()
  }
  const written = runStage(input, writer, stage, flags.stop).then(() => output.close())
  // Thrown where it is waited for; until then it must not count as unhandled.
  written.catch(() => {})
  return { port: withTopic(port, topic, ['group', 'from'], `${group}.repartition`), written }
}

/** The same URL with another topic, without some parameters, and with another group. */
function withTopic(port: string, topic: string, without: readonly string[], group?: string): string {
  const [, base = '', , query = ''] = /^(kafka:\/\/[^/?]*)(\/[^?]*)?(?:\?(.*))?$/s.exec(port) ?? []
  const parameters = query
    .split('&')
    .filter(text => text !== '' && !without.includes(text.replace(/=.*/s, '')))
    .concat(group === undefined ? [] : [`group=${encodeURIComponent(group)}`])
  return `${base}/${encodeURIComponent(topic)}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`
}
