import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Producer } from '@platformatic/kafka'
import { Topics } from '../../peers/topic.ts'
import { serverAvailability, startServer } from '../../servers/index.ts'
import type { BenchCase, Contestant } from '../case.ts'
import { program, tool } from '../commands.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { join } from '../data/joins.ts'
import { leaves } from '../proofs.ts'
import { MOST_MEMORY } from './cdc-tail.ts'
import { filterQuery } from './enrich.ts'

const FROM = 'joins'
const LINES_IN_A_REQUEST = 2000

/** A query from topic to topic, its output and the offsets of what it has read in one transaction. */
export const topicToTopic: BenchCase = {
  name: 'enrich-kafka',
  measures: 'a query that takes half of the rows, from topic to topic exactly once',
  unit: 'rows',
  rows: 1_000_000,
  runs: 3,
  missing: () => serverAvailability('kafka'),

  async prepare({ rows, log }) {
    const file = await envelopeFile(rows, log)
    const expected = Array.from({ length: rows }, (_, n) => join(n)).filter(({ quantity }) => quantity < 500)
    await using started = new AsyncDisposableStack()
    const kafka = started.use(await startServer('kafka', { log, args: ['auto.create.topics.enable=true'] }))
    const broker = `127.0.0.1:${kafka.port}`
    log(`writes ${rows.toLocaleString('en')} events to a topic`)
    await fillTopic(broker, file)
    const topics = started.use(new Topics(broker))
    const contestant = (
      kind: string,
      name: string,
      argv: (group: string, topic: string) => string[],
      target?: Contestant['target']
    ): Contestant => {
      let run = 0
      const id = (): string => `${kind}-${run}`
      return {
        name,
        ...(target === undefined ? {} : { target }),
        async before() {
          run++
        },
        command: () => ({ argv: argv(id(), `to-${id()}`) }),
        proof: leaves(async () => {
          const records = await topics.committed(`to-${id()}`, expected.length)
          return records === expected.length ? null : `${records} of ${expected.length} committed records`
        })
      }
    }
    const all = started.move()
    return {
      servers: [`Kafka ${kafka.version}`],
      judged: [
        contestant(
          'enrich',
          'enrich --in kafka://…?group=… --out kafka://…',
          (group, topic) => {
            const ports = ['--in', `${kafka.url}/${FROM}?group=${group}`, '--out', `${kafka.url}/${topic}`]
            return tool('enrich', '-e', filterQuery, ...ports, '--stop-at', 'now')
          },
          { perSecond: 120_000, peakBytes: 2 * MOST_MEMORY }
        )
      ],
      peers: [
        contestant('peer', 'by hand on JSON.parse and the client, no transactions', (group, topic) =>
          program('peers/kafka-filter.ts', broker, group, FROM, topic, String(rows))
        )
      ],
      [Symbol.asyncDispose]: () => all.disposeAsync()
    }
  }
}

async function fillTopic(broker: string, file: string): Promise<void> {
  const producer = new Producer({ clientId: 'fill', bootstrapBrokers: [broker], autocreateTopics: true })
  let messages: { topic: string; value: Buffer }[] = []
  const send = async (): Promise<void> => {
    await producer.send({ messages })
    messages = []
  }
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (messages.push({ topic: FROM, value: Buffer.from(line) }) === LINES_IN_A_REQUEST) await send()
  }
  if (messages.length > 0) await send()
  await producer.close()
}
