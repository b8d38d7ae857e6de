import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolError } from '../../../src/lib/cli/index.ts'
import { checkAnswer } from '../../../src/lib/stream/kafka/oauth.ts'
import { security } from '../../../src/lib/stream/kafka/security.ts'
import { parseKafkaUrl } from '../../../src/lib/stream/kafka/url.ts'

const usage = (message: RegExp): object => ({ name: 'ToolError', code: 'USAGE', message })

test('several brokers, with and without a port', () => {
  const { brokers, topic, display } = parseKafkaUrl('kafka://a:9093,b,[::1]:9094/joins?group=g', '--in')
  assert.deepEqual(brokers, [
    { host: 'a', port: 9093 },
    { host: 'b', port: 9092 },
    { host: '::1', port: 9094 }
  ])
  assert.equal(topic, 'joins')
  assert.equal(display, 'kafka://a:9093,b,[::1]:9094/joins')
})

test('templates and patterns as topics', () => {
  assert.equal(
    parseKafkaUrl('kafka://a/dream.{source.db}.{source.table}', '--out').topic,
    'dream.{source.db}.{source.table}'
  )
  assert.equal(parseKafkaUrl('kafka://a/^dream\\..*,other', '--in').topic, '^dream\\..*,other')
  assert.equal(parseKafkaUrl('kafka://a', '--out').topic, '')
})

test('what cannot be read is named, without the password', () => {
  assert.throws(
    () => parseKafkaUrl('kafka://u:secret@a:b:c/t', '--in'),
    (error: unknown) => {
      assert.ok(error instanceof ToolError)
      assert.match(error.message, /'a:b:c' is not a broker/)
      assert.doesNotMatch(error.message, /secret/)
      return true
    }
  )
  const url = parseKafkaUrl('kafka://a/t?grup=x', '--in')
  url.parameters.get('group')
  assert.throws(() => url.parameters.finish(), usage(/unknown parameter 'grup'/))
})

test('a user means SASL PLAIN unless another mechanism is named', () => {
  const sasl = (url: string): unknown => security(parseKafkaUrl(url, '--in'), '--in').sasl
  assert.deepEqual(sasl('kafka://u:p%40ss@a/t'), { mechanism: 'PLAIN', username: 'u', password: 'p@ss' })
  assert.deepEqual(sasl('kafka://u:p@a/t?sasl=scram-sha-512'), {
    mechanism: 'SCRAM-SHA-512',
    username: 'u',
    password: 'p'
  })
  assert.deepEqual(sasl('kafka://a/t?sasl=oauthbearer&token=x'), {
    mechanism: 'OAUTHBEARER',
    token: 'x',
    authBytesValidator: checkAnswer
  })
  assert.equal(sasl('kafka://a/t'), undefined)
  assert.throws(() => sasl('kafka://a/t?sasl=plain'), usage(/needs user and password/))
  assert.throws(() => sasl('kafka://a/t?sasl=oauthbearer'), usage(/needs token/))
  assert.throws(() => sasl('kafka://a/t?sasl=kerberos'), usage(/not one of plain, scram-sha-256/))
})

test('TLS when it is asked for, or a certificate is named', () => {
  const tls = (url: string): unknown => security(parseKafkaUrl(url, '--in'), '--in').tls
  assert.equal(tls('kafka://a/t'), undefined)
  assert.deepEqual(tls('kafka://a/t?tls=true'), {})
  assert.throws(() => tls('kafka://a/t?ca=/does/not/exist'), usage(/ca=\/does\/not\/exist/))
})
