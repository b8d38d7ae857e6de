import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  durationText,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
  parseInteger
} from '../../src/lib/cli/units.ts'

test('durations are read with their unit, several add up, a bare number is seconds', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['1s', 1000],
    ['1.5m', 90_000],
    ['15min', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['1h30m', 5_400_000],
    [' 1 h 30 m ', 5_400_000],
    ['0', 0],
    ['10', 10_000],
    ['0.25', 250]
  ] as const) {
    assert.equal(parseDuration(text, '--every'), ms, text)
  }
})

test('what is no duration is refused with the flag and examples', () => {
  for (const text of ['', ' ', 'soon', '5x', '-1s', '1h30', '1,5s', '1e3s']) {
    assert.throws(() => parseDuration(text, '--every'), {
      code: 'USAGE',
      message: /^--every: .*500ms, 30s, 15m, 2h or 1d/
    })
  }
})

test('a duration that is written for a flag is read back', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1000, 60_000, 3_600_000), (count, unit) => {
      const ms = (count % 100_000) * unit
      assert.equal(parseDuration(durationText(ms), '--every'), ms)
    })
  )
  assert.deepEqual([0, 50, 1500, 60_000, 900_000, 86_400_000].map(durationText), [
    '0ms',
    '50ms',
    '1500ms',
    '1m',
    '15m',
    '1d'
  ])
})

test('sizes are read in powers of 1024, whatever the spelling', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['65536', 65_536],
    ['64k', 65_536],
    ['64 KiB', 65_536],
    ['16M', 16 * 1024 ** 2],
    ['16mb', 16 * 1024 ** 2],
    ['1.5G', 1.5 * 1024 ** 3]
  ] as const) {
    assert.equal(parseBytes(text, '--max-line'), bytes, text)
  }
  for (const text of ['', 'big', '-1', '1T', '1 000', '64kk']) {
    assert.throws(() => parseBytes(text, '--max-line'), {
      code: 'USAGE',
      message: /^--max-line: .*is not a size/
    })
  }
})

test('whole numbers are read exactly, others refused', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), number => assert.equal(parseInteger(String(number), '--n'), number))
  )
  for (const text of ['', '1.5', '1e3', '0x10', 'ten', '9007199254740993']) {
    assert.throws(() => parseInteger(text, '--n'), {
      code: 'USAGE',
      message: `--n: '${text}' is not a whole number`
    })
  }
})

test('durations in messages are short, and no part of them overflows', () => {
  for (const [ms, text] of [
    [0, '0 ms'],
    [65, '65 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [9960, '10 s'],
    [45_000, '45 s'],
    [59_700, '1 min 0 s'],
    [90_000, '1 min 30 s'],
    [119_800, '2 min 0 s'],
    [3_599_900, '1 h 0 min'],
    [3_660_000, '1 h 1 min']
  ] as const) {
    assert.equal(formatDuration(ms), text, String(ms))
  }
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), ms => {
      assert.doesNotMatch(formatDuration(ms), /1000 ms|\b60 (s|min)|10\.0 s/)
    })
  )
})

test('sizes in messages have the largest unit that keeps them above one', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [16 * 1024 ** 2, '16 MiB'],
    [12_345_678, '11.8 MiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [5 * 1024 ** 4, '5 TiB']
  ] as const) {
    assert.equal(formatBytes(bytes), text)
  }
})
