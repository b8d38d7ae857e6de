import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { fillReferences, fillShellReferences } from '../../src/lib/notify/references.ts'

const field = (name: string): string | undefined => ({ user: 'ann', 'a.b': 'deep' })[name]

test('references take the values of fields, in the old form and the new one', () => {
  assert.equal(fillReferences('%(user)s %(a.b)s {user} {a.b}', field), 'ann deep ann deep')
  assert.equal(fillReferences('100%% of %(gone)s', field), '100% of <MISSING VALUE>')
})

test('braces that name no field stay, as in JSON, awk and shell', () => {
  for (const text of ['{"text": 1}', '{print $1}', '${user}', '{}', '{gone}'])
    assert.equal(fillReferences(text, field), text)
})

test('a value in a command for the shell stays a value, in whatever quotes it stands', () => {
  const value = fc.string({
    unit: fc.constantFrom('a', ' ', "'", '"', '$', '`', '\\', '(', ')', ';', '*', '\n', 'é', '!')
  })
  fc.assert(
    fc.property(value, text => {
      const command = fillShellReferences(`printf '%%s|' %(v)s "%(v)s" '%(v)s' a%(v)s"b"`, name =>
        name === 'v' ? text : undefined
      )
      const { stdout } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' })
      assert.equal(stdout, `${text}|${text}|${text}|a${text}b|`)
    }),
    { numRuns: 60 }
  )
})
