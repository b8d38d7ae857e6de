import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { changeSilences, readSilences, type Silence, SilenceFile } from '../../src/lib/rules/index.ts'
import { parseIso } from '../../src/lib/rules/time.ts'
import { folder } from './rules.ts'

const WHOLE: Silence = {
  rule: 'a',
  key: null,
  from: '2026-11-24T10:00:00.000Z',
  until: '2026-11-24T11:00:00.000Z'
}

function micros(clock: string): number {
  return parseIso(`2026-11-24T${clock}Z`) as number
}

test('a silence holds from its beginning to just before its end, for its rule and key alone', async t => {
  const file = path.join(folder(t, {}), 'silences.json')
  await changeSilences(file, () => [WHOLE, { ...WHOLE, rule: 'b', key: 'k' }])
  const { isSilenced } = new SilenceFile(file, assert.ifError)
  assert.equal(isSilenced('a', 'any', micros('09:59:59.999999')), false)
  assert.equal(isSilenced('a', 'any', micros('10:00:00')), true)
  assert.equal(isSilenced('a', null, micros('10:59:59.999999')), true)
  assert.equal(isSilenced('a', null, micros('11:00:00')), false)
  assert.equal(isSilenced('b', 'k', micros('10:30:00')), true)
  assert.equal(isSilenced('b', 'l', micros('10:30:00')), false)
  assert.equal(isSilenced('b', null, micros('10:30:00')), false)
})

test('a file that holds something else is named', t => {
  const dir = folder(t, { 'a.json': '{"silences":[{"rule":"a"}]}', 'b.json': '[' })
  for (const name of ['a.json', 'b.json'])
    assert.throws(() => readSilences(path.join(dir, name)), /holds no silences/)
})
