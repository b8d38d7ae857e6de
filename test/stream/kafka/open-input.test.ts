import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openKafkaInput } from '../../../src/lib/stream/kafka/open-input.ts'

function open(parameters: string): () => unknown {
  const { signal: stop } = new AbortController()
  return () =>
    openKafkaInput(`kafka://a/t?${parameters}`, {
      clientId: 'test',
      stopAt: undefined,
      retryFor: undefined,
      stop,
      warn: () => {}
    })
}

test('a protocol that there is not is named with those that there are', () => {
  assert.throws(open('group=g&group-protocol=eager'), {
    code: 'USAGE',
    message: '--in kafka://a/t: group-protocol=eager is not one of classic, consumer'
  })
})

test('a session time-out is the classic protocol: with the other one it is refused, and the setting named', () => {
  assert.doesNotThrow(open('group=g&session-timeout=5s'))
  assert.doesNotThrow(open('group=g&session-timeout=5s&group-protocol=classic'))
  assert.throws(open('group=g&session-timeout=5s&group-protocol=consumer'), {
    code: 'USAGE',
    message: '--in kafka://a/t: session-timeout is of the classic protocol',
    hint: /consumer\.session\.timeout\.ms/
  })
})
