import { type ComposeFrom, toEach, valueOrNull } from '../http-alerter.ts'

/** Any receiver of JSON: the match, or fields of it. Payload: ElastAlert 2.31. */
export const post: ComposeFrom = (options, language) => notification => {
  const chosen = options.map('http_post_payload')
  const all = options.flag('http_post_all_values', Object.keys(chosen).length === 0)
  const headers = { accept: 'application/json;charset=utf-8', ...strings(options.map('http_post_headers')) }
  return notification.matches.flatMap(match => {
    const within = { ...notification, match }
    const fields = Object.entries(chosen).map(([key, field]) => [key, valueOrNull(language, within, field)])
    return toEach(
      options.texts('http_post_url'),
      { ...(all ? match : {}), ...options.map('http_post_static_payload'), ...Object.fromEntries(fields) },
      headers
    )
  })
}

function strings(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [name.toLowerCase(), String(v)]))
}
