import assert from 'node:assert/strict'
import { test } from 'node:test'
import { strptime } from '../../src/lib/rules/strptime.ts'
import { pythonJson, skip } from './oracle.ts'
import { random } from './random.ts'

const READ = `
import json, sys
from elastalert.util import ts_to_dt_with_format
for line in sys.stdin:
    text, format = json.loads(line)
    try:
        t = ts_to_dt_with_format(text, format)
        print(json.dumps([(t - ts_to_dt_with_format('1970', '%Y')).total_seconds(), t.utcoffset().total_seconds() / 60]))
    except ValueError:
        print(json.dumps(None))
`

const CASES: [format: string, texts: string[]][] = [
  [
    '%d/%b/%Y:%H:%M:%S %z',
    ['24/Nov/2026:10:00:00 +0000', '4/mar/2026:1:2:3 -0730', '31/Jun/2026:10:00:00 +0000']
  ],
  [
    '%Y-%m-%dT%H:%M:%S.%fZ',
    ['2026-11-24T10:00:00.5Z', '2026-11-24T10:00:00.123456Z', '2026-11-24T10:00:00Z']
  ],
  ['%Y%m%d%H%M%S', ['20261124100000', '2026112410000', '202611241000000']],
  ['%m/%d/%y %I:%M %p', ['11/24/26 12:05 AM', '11/24/69 12:05 pm', '1/2/3 4:5 PM']],
  ['%A, %d %B %Y %H%%', ['Tuesday, 24 November 2026 10%', 'tue, 24 November 2026 10%']],
  ['%Y-%j %H', ['2026-045 10', '2026-366 1', '2024-366 1']],
  ['%d.%m.%Y %H:%M:%S', ['24.11.2026 23:59:59', '24.11.2026   23:59:59', '24.11.2026 24:00:00']],
  ['%H:%M:%S %Z %z', ['10:00:00 UTC +01:00', '10:00:00 GMT Z', '10:00:00 CET +0100']]
]

test('ElastAlert reads the same times in formats of their own', { skip }, () => {
  const next = random(3)
  const changed = (text: string): string => {
    const at = Math.floor(next() * text.length)
    return `${text.slice(0, at)}${Math.floor(next() * 10)}${text.slice(at + 1)}`
  }
  const cases = CASES.flatMap(([format, texts]) =>
    texts.flatMap(text =>
      [text, ...Array.from({ length: 20 }, () => changed(text))].map(t => [t, format] as const)
    )
  )
  const theirs = pythonJson<[number, number] | null>(READ, [...cases])
  assert.ok(theirs.filter(t => t !== null).length > 50)
  for (const [i, [text, format]] of cases.entries()) {
    const time = strptime(format)(text)
    const ours = time === undefined ? null : [time.micros / 1e6, time.offset]
    assert.deepEqual(ours, theirs[i], `${text} as ${format}`)
  }
})
