/**
 * The work of peers/filter.ts from topic to topic by the client's own consumer and producer, without transactions: after a
 * kill some would come twice. BROKER GROUP FROM TO ROWS, the number of records to read.
 */
import { Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka'

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

const BATCH = 2000

const [broker = '', group = '', from = '', to = '', rows = ''] = process.argv.slice(2)
const client = { clientId: 'peer', bootstrapBrokers: [broker] }
const consumer = new Consumer({ ...client, groupId: group })
const producer = new Producer({ ...client, idempotent: true, autocreateTopics: true })

const chosen = (row: Row | null): object | null =>
  row === null || row.quantity >= 500 ? null : { id: row.id, user_id: row.user_id, amount: row.amount }

const stream = await consumer.consume({
  topics: [from],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: 1000
})
let messages: { topic: string; value: Buffer }[] = []
let read = 0
for await (const message of stream) {
  const event = JSON.parse(message.value.toString()) as Event
  const before = chosen(event.before)
  const after = chosen(event.after)
  if (before !== null || after !== null) {
    messages.push({ topic: to, value: Buffer.from(JSON.stringify({ ...event, before, after })) })
  }
  const isLast = ++read === Number(rows)
  if (messages.length >= BATCH || (isLast && messages.length > 0)) {
    await producer.send({ messages })
    messages = []
  }
  if (isLast) break
}
await consumer.close(true)
await producer.close()
