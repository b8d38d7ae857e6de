import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ToolError } from '../../src/lib/cli/index.ts'
import { parseTemplate, parseTime } from '../../src/lib/stream/template.ts'

function render(template: string, values: Record<string, string | undefined>): string | { missing: string } {
  const parsed = parseTemplate(template, '--index')
  const result = parsed.render(parsed.fields.map(field => values[field]))
  return 'text' in result ? result.text : result
}

const format = (pattern: string, time: string): string | { missing: string } =>
  render(`{t:${pattern}}`, { t: time })

const DAY = 86_400_000

/** ISO week of a day by counting: weeks begin on Monday, and week 1 of a year is the one with 4 January. */
function isoWeekByCounting(day: number): { year: number; week: number; weekday: number } {
  // 3 January 2000 was a Monday, and the first day of week 1 of 2000.
  let monday = Date.UTC(2000, 0, 3)
  let year = 2000
  let week = 1
  const step = day >= monday ? 7 * DAY : -7 * DAY
  while (!(day >= monday && day < monday + 7 * DAY)) {
    monday += step
    const has4January = (y: number): boolean => {
      const fourth = Date.UTC(y, 0, 4)
      return fourth >= monday && fourth < monday + 7 * DAY
    }
    if (step > 0) {
      week++
      if (has4January(year + 1)) {
        year++
        week = 1
      }
    } else if (week > 1) week--
    else {
      year--
      week = 1
      for (let m = monday; m > Date.UTC(year, 0, 4); m -= 7 * DAY) week++
    }
  }
  return { year, week, weekday: Math.floor((day - monday) / DAY) + 1 }
}

test('fields stand for their values, each named once, and doubled braces for braces', () => {
  const template = parseTemplate('{a.b}-{{{c}}}-{a.b}', '--id')
  assert.deepEqual(template.fields, ['a.b', 'c'])
  assert.deepEqual(template.render(['1', '2']), { text: '1-{2}-1' })
  assert.equal(render('plain', {}), 'plain')
})

test('any text survives when its braces are doubled', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      assert.equal(
        render(
          text.replace(/[{}]/g, brace => brace + brace),
          {}
        ),
        text
      )
    })
  )
})

test('the field that has no value, or no time for a date format, is named', () => {
  assert.deepEqual(render('{a}-{b}', { a: '1' }), { missing: 'b' })
  for (const value of ['', 'soon', '0000-00-00', '2026-13-01', '99999999999999999999']) {
    assert.deepEqual(render('{at:YYYY}', { at: value }), { missing: 'at' }, value)
  }
})

test('ISO weeks are right on every day around the turn of 60 years', () => {
  for (let year = 1980; year < 2040; year++) {
    for (let offset = -8; offset <= 8; offset++) {
      const day = Date.UTC(year, 0, 1) + offset * DAY
      const expected = isoWeekByCounting(day)
      const time = new Date(day + 12 * 3_600_000).toISOString()
      assert.equal(
        format('GGGG.[w]WW.E', time),
        `${expected.year}.w${String(expected.week).padStart(2, '0')}.${expected.weekday}`,
        time
      )
    }
  }
})

test('known weeks: 53 of 2020, 1 of 2020 in December 2019, 52 of 2022 on New Year 2023', () => {
  assert.equal(format('GGGG-[W]WW-E', '2021-01-03T23:59:59Z'), '2020-W53-7')
  assert.equal(format('GGGG-[W]WW-E', '2019-12-30'), '2020-W01-1')
  assert.equal(format('GG-[W]WW', '2023-01-01'), '22-W52')
})

test('dates and times are in UTC, whatever zone the value names', () => {
  assert.equal(format('YYYY.MM.DD HH:mm:ss.SSS', '2026-11-24T00:30:05.678+05:30'), '2026.11.23 19:00:05.678')
  assert.equal(format('YY-DDDD', '2024-12-31'), '24-366')
  assert.equal(format('YYYY-DDDD', '0001-02-01'), '0001-032')
  assert.equal(format('[year] YYYY[YYYY]', '2026-11-24'), 'year 2026YYYY')
})

test('the day of the year agrees with counting the days', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      date => {
        let days = 1
        const [year, month, day] = date.toISOString().slice(0, 10).split('-').map(Number) as [
          number,
          number,
          number
        ]
        for (let m = 1; m < month; m++) days += new Date(Date.UTC(year, m, 0)).getUTCDate()
        assert.equal(format('DDDD', date.toISOString()), String(days + day - 1).padStart(3, '0'))
      }
    )
  )
})

test('times are read in ISO and SQL form, and as seconds or milliseconds since 1970', () => {
  const expected = '2026-11-24T10:00:00.000Z'
  for (const text of [
    '2026-11-24T10:00:00Z',
    '2026-11-24T10:00:00',
    '2026-11-24 10:00:00.000000',
    '2026-11-24 10:00',
    '2026-11-24T11:00:00+01:00',
    '2026-11-24T04:30:00-0530',
    '1795514400',
    '1795514400000'
  ]) {
    assert.equal(parseTime(text)?.toISOString(), expected, text)
  }
  assert.equal(parseTime('2026-11-24')?.toISOString(), '2026-11-24T00:00:00.000Z')
  for (const text of [
    '',
    '24.11.2026',
    '2026-11-24T',
    '2026-11-24T25:00:00Z',
    '2026-11-24T10:00:00X',
    '12',
    '9'.repeat(30)
  ]) {
    assert.equal(parseTime(text), undefined, text)
  }
})

test('every instant that is written is read back', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      date => {
        assert.equal(parseTime(date.toISOString())?.getTime(), date.getTime())
        assert.equal(
          parseTime(date.toISOString().replace('T', ' ').replace('Z', ''))?.getTime(),
          date.getTime()
        )
      }
    )
  )
})

test('a template that cannot be read is refused with the flag, the place and what to write', () => {
  const message = (template: string): string => {
    try {
      parseTemplate(template, '--index')
    } catch (error) {
      assert.ok(error instanceof ToolError)
      assert.equal(error.code, 'USAGE')
      return `${error.message} | ${error.hint ?? ''}`
    }
    throw new Error(`${template} was taken`)
  }
  assert.equal(message('a{b'), "--index 'a{b': unmatched { at column 2 | a literal brace is doubled: {{")
  assert.match(message('a}b'), /unmatched } at column 2/)
  assert.match(message('{}'), /\{\} names no field/)
  assert.match(message('{a..b}'), /names no field/)
  assert.match(message('{:YYYY}'), /names no field/)
  assert.equal(
    message('{t:YYYY.wWW}'),
    "--index '{t:YYYY.wWW}': unknown date token 'w' in 'YYYY.wWW' | text stands in brackets: [w]WW"
  )
})
