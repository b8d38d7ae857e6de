/**
 * How PyYAML reads the scalars of YAML 1.1, where it differs from the specification: `1e3` and `08` are texts, as numbers need
 * a point and a sign for an exponent, y and n are texts, and dates are texts in the form in which they end up in queries.
 * Source: PyYAML, `resolver.py` and `constructor.py`.
 */

import type { ScalarTag, Tags } from 'yaml'

const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const TIME =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?$/

const NUMBERS = ['tag:yaml.org,2002:int', 'tag:yaml.org,2002:float']

function numberOf(text: string): number {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '').toLowerCase()
  const size = digits.includes(':')
    ? digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    : /^0[0-7]+$/.test(digits)
      ? Number.parseInt(digits, 8)
      : digits === '.inf'
        ? Number.POSITIVE_INFINITY
        : digits === '.nan'
          ? Number.NaN
          : Number(digits)
  return negative && size !== 0 ? -size : size
}

/** As `isoformat` of Python's datetime. */
function isoTime(text: string): string {
  const m = TIME.exec(text)
  if (m === null) return text
  const [, year, month, day, hour, minute, second, fraction = '', utc, sign, hours, minutes = '00'] = m
  const two = (part = ''): string => part.padStart(2, '0')
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  const zone = utc !== undefined ? '+00:00' : sign === undefined ? '' : `${sign}${two(hours)}:${minutes}`
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}${Number(micros) === 0 ? '' : `.${micros}`}${zone}`
}

const PYTHON_TAGS: ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:int', default: true, test: INT, resolve: numberOf },
  { tag: 'tag:yaml.org,2002:float', default: true, test: FLOAT, resolve: numberOf },
  { tag: 'tag:yaml.org,2002:timestamp', default: true, test: TIME, resolve: isoTime }
]

/** The tags of YAML 1.1 as PyYAML has them. */
export function pythonTags(tags: Tags): Tags {
  const kept = tags.flatMap((tag): Tags => {
    if (typeof tag === 'string') return [tag]
    if (NUMBERS.includes(tag.tag) || tag.tag === 'tag:yaml.org,2002:timestamp') return []
    if (tag.tag !== 'tag:yaml.org,2002:bool') return [tag]
    const bool = tag as ScalarTag
    return [{ ...bool, test: bool.test?.test('true') ? TRUE : FALSE }]
  })
  return [...kept, ...PYTHON_TAGS]
}
