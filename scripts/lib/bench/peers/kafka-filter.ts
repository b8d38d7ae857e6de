/**
 * The work of peers/filter.ts from topic to topic by the client's own consumer and producer, exactly once: output and
 * offsets go together in a transaction a second. BROKER GROUP FROM TO ROWS, the number of records to read.
 */
import { Consumer, type Message, MessagesStreamModes, Producer } from '@platformatic/kafka'

interface Row {
  readonly id: number
  readonly user_id: number
  readonly quantity: number
  readonly amount: string
}

interface Event {
  readonly before: Row | null
  readonly after: Row | null
}

const BATCH = 1000
const COMMIT_EVERY_MS = 1000

const [broker = '', group = '', from = '', to = '', rows = ''] = process.argv.slice(2)
const client = { clientId: 'peer', bootstrapBrokers: [broker] }
const consumer = new Consumer({ ...client, groupId: group })
const producer = new Producer({ ...client, transactionalId: group, idempotent: true, autocreateTopics: true })

const chosen = (row: Row | null): object | null =>
  row === null || row.quantity >= 500 ? null : { id: row.id, user_id: row.user_id, amount: row.amount }

const stream = await consumer.consume({
  topics: [from],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: false
})
let transaction = await producer.beginTransaction()
await transaction.addConsumer(consumer)
let due = Date.now() + COMMIT_EVERY_MS
let messages: { topic: string; value: Buffer }[] = []
let read = 0

async function commit(last: Message): Promise<void> {
  await transaction.addOffset(last)
  await transaction.commit()
}

for await (const message of stream) {
  const event = JSON.parse(message.value.toString()) as Event
  const before = chosen(event.before)
  const after = chosen(event.after)
  if (before !== null || after !== null) {
    messages.push({ topic: to, value: Buffer.from(JSON.stringify({ ...event, before, after })) })
  }
  const isLast = ++read === Number(rows)
  if (messages.length >= BATCH || (isLast && messages.length > 0)) {
    await transaction.send({ messages })
    messages = []
    if (isLast || Date.now() >= due) {
      await commit(message)
      if (isLast) break
      due = Date.now() + COMMIT_EVERY_MS
      transaction = await producer.beginTransaction()
      await transaction.addConsumer(consumer)
    }
  }
}
await consumer.close(true)
await producer.close()
