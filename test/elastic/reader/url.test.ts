import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocumentsUrl } from '../../../src/lib/elastic/reader/url.ts'

test('an es:// URL gives the nodes, the index and how to log in', () => {
  const { nodes, index, access, display } = parseDocumentsUrl(
    'es://app:p%40ss:w@one,two:9201/logs-*,-logs-old?tls=true&api-key=id:k+y=',
    '--from'
  )
  assert.deepEqual(nodes, ['https://app:p%40ss:w@one:9200', 'https://app:p%40ss:w@two:9201'])
  assert.equal(index, 'logs-*,-logs-old')
  assert.equal(access.apiKey, 'id:k+y=')
  assert.equal(display, 'es://one,two:9201/logs-*,-logs-old')
})

test('a password that ought to have been escaped is taken as it stands', () => {
  const { nodes, display } = parseDocumentsUrl('es://app:p@ss#%@host/x', '--from')
  assert.equal(new URL(nodes[0] ?? '').password, encodeURIComponent('p@ss#%'))
  assert.equal(display, 'es://host/x')
})

test('options of TLS alone ask for TLS, and Amazon is asked at its port', () => {
  assert.deepEqual(parseDocumentsUrl('es://[::1]/x?ca=ca.pem', '--from').nodes, ['https://[::1]:9200'])
  assert.deepEqual(parseDocumentsUrl('es://d.es.amazonaws.com/x?aws-region=eu-central-1', '--from').nodes, [
    'https://d.es.amazonaws.com:443'
  ])
  assert.deepEqual(parseDocumentsUrl('es://h/x', '--from').nodes, ['http://h:9200'])
})

test('what is no such URL is refused without its password', () => {
  for (const url of [
    'es://host',
    'es://u:secret@host/',
    'es://u:secret@host/a/b',
    'es://u:secret@/x',
    'es://h/x?a=b'
  ]) {
    assert.throws(
      () => parseDocumentsUrl(url, '--from'),
      (error: Error) => /--from/.test(error.message) && !/secret/.test(error.message),
      url
    )
  }
})
