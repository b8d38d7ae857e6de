import { type ComposeFrom, toEach, valueOrNull } from '../http-alerter.ts'

type Values = Readonly<Record<string, unknown>>

/** Texts so that they may stand in a text of JSON. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1)
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, escaped(v)]))
}

/** Any receiver of JSON: a Jinja template of the payload and of the headers. Payload: ElastAlert 2.31. */
export const post2: ComposeFrom = (options, language) => {
  const filled = (name: string, match: Values): Record<string, unknown> => {
    const template = options.raw(name) ?? {}
    const values = escaped(match) as Values
    const root = options.text('jinja_root_name')
    const text = language.render(typeof template === 'string' ? template : JSON.stringify(template), {
      ...values,
      ...(root === '' ? {} : { [root]: values })
    })
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new Error(`${name} does not give JSON: ${(error as Error).message}`)
    }
  }
  const all = options.flag(
    'http_post2_all_values',
    ['{}', '""'].includes(JSON.stringify(options.raw('http_post2_payload') ?? {}))
  )
  return notification =>
    notification.matches.flatMap(match => {
      const within = { ...notification, match }
      const raw = Object.entries(options.map('http_post2_raw_fields'))
      const body = {
        ...(all ? match : {}),
        ...filled('http_post2_payload', match),
        ...Object.fromEntries(raw.map(([key, field]) => [key, valueOrNull(language, within, field)]))
      }
      return toEach(options.texts('http_post2_url'), body, {
        accept: 'application/json;charset=utf-8',
        ...headersOf(filled('http_post2_headers', match))
      })
    })
}

function headersOf(values: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value === 'object') throw new Error(`http_post2_headers: ${name} is no text`)
      return [name.toLowerCase(), String(value)]
    })
  )
}
