import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyColumns, loadRules } from '../../src/lib/rules/index.ts'

function columnsOf(...rules: string[]): string[] | null {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-keys-'))
  try {
    rules.forEach((rule, i) => {
      writeFileSync(
        join(directory, `${i}.yaml`),
        `name: r${i}\nindex: x\nalert: debug\nfilter: []\n${rule}\n`
      )
    })
    const { rules: loaded, problems } = loadRules([directory])
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error'),
      []
    )
    return keyColumns(loaded)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const frequency = (key: string): string =>
  `type: frequency\nnum_events: 3\ntimeframe: {minutes: 5}${key === '' ? '' : `\nquery_key: ${key}`}`

test('rules of one key are parted by it, however they name its field', () => {
  assert.deepEqual(columnsOf(frequency('gateway'), frequency('after.gateway.keyword')), ['gateway'])
})

test('what rules have in common parts them all', () => {
  assert.deepEqual(columnsOf(frequency('[gateway, status]'), frequency('gateway')), ['gateway'])
  assert.deepEqual(columnsOf(frequency('gateway'), frequency('user_id')), [])
})

test('a rule without a key counts all events together', () => {
  assert.deepEqual(columnsOf(frequency('gateway'), frequency('')), [])
})

test('matches that are aggregated have to come together too', () => {
  assert.deepEqual(columnsOf(`${frequency('[gateway, status]')}\naggregation: {minutes: 5}`), [])
  assert.deepEqual(
    columnsOf(`${frequency('[gateway, status]')}\naggregation: {minutes: 5}\naggregation_key: status`),
    ['status']
  )
})

test('a rule that an event alone decides asks for nothing, unless it silences', () => {
  assert.equal(columnsOf('type: any\nrealert: {minutes: 0}'), null)
  assert.deepEqual(columnsOf('type: any'), [])
})
