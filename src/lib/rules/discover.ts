import { offsetOf } from './event.ts'
import { isObject, type JsonObject, lookup } from './fields.ts'
import type { OptionReader } from './option-reader.ts'
import { pythonStr } from './python-format.ts'
import { rison } from './rison.ts'
import type { Rule, RuleKind } from './rule.ts'
import { pythonIso } from './time.ts'

/**
 * Links to the events around a match in Discover of Kibana, and of OpenSearch Dashboards: with the rule's filters and the
 * match's keys. Source: ElastAlert's kibana_discover.py and opensearch_discover.py.
 */

const PLACES = ['kibana', 'opensearch'] as const

type Place = (typeof PLACES)[number]

/** What a link is made of. Durations in microseconds. */
export interface DiscoverLink {
  place: Place
  app: string
  index: string
  columns: unknown[]
  before: number
  after: number
  /** Where the app's URL begins, if that is not whole. */
  base: string | undefined
  tenant: string | undefined
}

const TEN_MINUTES = 600e6

/** The links that a rule wants; what is missing for one is told of, and it is left out, as ElastAlert does. */
export function readDiscover(options: OptionReader): DiscoverLink[] {
  return PLACES.flatMap(place => {
    const wanted = `generate_${place}_discover_url`
    if (options.boolean(wanted) !== true) return []
    const prefix = `${place}_discover_`
    const [app, index] = [`${prefix}app_url`, `${prefix}index_pattern_id`].map(name => {
      const value = options.string(name)
      if (!value) options.warn([wanted], `${name} is missing: matches get no link`)
      return value
    })
    const around = options.raw('timeframe') === undefined ? TEN_MINUTES : (options.duration('timeframe') ?? 0)
    const columns = options.raw(`${prefix}columns`) ?? ['_source']
    if (!Array.isArray(columns))
      return options.error([`${prefix}columns`], 'the columns are a list of fields') ?? []
    if (!app || !index) return []
    return [
      {
        place,
        app: app.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (all, a, b) => process.env[a ?? b] ?? all),
        index,
        columns,
        before: options.duration(`${prefix}from_timedelta`) ?? around,
        after: options.duration(`${prefix}to_timedelta`) ?? around,
        base: options.string(`${place}_url`),
        tenant: place === 'kibana' ? options.string(`${prefix}security_tenant`) : undefined
      }
    ]
  })
}

/** The links of a match, by the field that it has each in. @param micros its time */
export function discoverLinks(rule: Rule, match: JsonObject, micros: number): JsonObject {
  return Object.fromEntries(
    rule.discover.map(link => [`${link.place}_discover_url`, url(link, rule, match, micros)])
  )
}

function url(link: DiscoverLink, rule: Rule, match: JsonObject, micros: number): string {
  const { place, app, index, columns, before, after, base, tenant } = link
  const offset = offsetOf(lookup({ row: match, envelope: undefined }, rule.timestamp.field), rule.timestamp)
  const state = {
    filters: [],
    refreshInterval: { pause: true, value: 0 },
    time: { from: pythonIso(micros - before, offset), to: pythonIso(micros + after, offset) }
  }
  const filters = appFilters(link, rule, match)
  const parts =
    place === 'kibana'
      ? { _g: state, _a: { columns, filters, index, interval: 'auto' } }
      : {
          _g: state,
          _a: {
            discover: { columns, isDirty: false, sort: [] },
            metadata: { indexPattern: index, view: 'discover' }
          },
          _q: { filters, query: { language: 'lucene', query: '' } }
        }
  const query = Object.entries(parts).map(([name, value]) => `${name}=${percent(rison(value))}`)
  return whole(`${app}?${query.join('&')}`, base, tenant)
}

/** The rule's filters as one, then one for each key of the match: its value, or that it has none. */
function appFilters(link: DiscoverLink, rule: Rule, match: JsonObject): JsonObject[] {
  const filters = filtersOf(rule).map(filter =>
    isObject(filter) && 'query' in filter ? filter.query : filter
  )
  const keys = rule.queryKey?.fields ?? []
  const list = keys.map(key => keyFilter(link, key, lookup({ row: match, envelope: undefined }, key)))
  return filters.length === 0 ? list : [ruleFilter(link, filters), ...list]
}

const STATE = { $state: { store: 'appState' } }

function ruleFilter({ place, index }: DiscoverLink, filters: unknown[]): JsonObject {
  const must = { must: filters }
  const meta = { alias: 'filter', disabled: false, index, negate: false, type: 'custom' }
  return place === 'kibana'
    ? { ...STATE, bool: must, meta: { ...meta, key: 'bool', value: jsonOf(must) } }
    : { ...STATE, query: { bool: must }, meta: { ...meta, key: 'query', value: jsonOf({ bool: must }) } }
}

function keyFilter({ place, index }: DiscoverLink, key: string, found: unknown): JsonObject {
  const value = place === 'kibana' ? onlyValue(found) : (found ?? null)
  const meta = { alias: null, disabled: false, index, key }
  if (value === null) {
    const view = place === 'kibana' ? {} : { view: 'discover' }
    return {
      ...STATE,
      exists: { field: key },
      meta: { ...meta, negate: true, type: 'exists', value: 'exists', ...view }
    }
  }
  const phrase = { query: value, type: 'phrase' }
  return {
    ...STATE,
    meta: { ...meta, negate: false, params: phrase, type: 'phrase', value: pythonStr(value) },
    query: { match: { [key]: phrase } }
  }
}

/** A field of several values may hold one, or none. */
function onlyValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value === '' ? null : (value ?? null)
  const values = value.filter(item => item !== null && item !== '')
  return values.length > 1 ? values : (values[0] ?? null)
}

/** The filters with the one that ElastAlert makes of a list. */
function filtersOf({ kind, options }: Rule): unknown[] {
  const filters: unknown[] = Array.isArray(options.filter) ? options.filter : []
  const list = listQuery(kind, options)
  return list === undefined ? filters : [...filters, { query_string: { query: list } }]
}

function listQuery(kind: RuleKind, { filter_by_list: isFiltered = true }: JsonObject): string | undefined {
  if ((kind.type !== 'blacklist' && kind.type !== 'whitelist') || isFiltered !== true) return undefined
  const terms = [...kind.list].map(term =>
    term.startsWith('/') && term.endsWith('/') ? `${kind.compareKey}:${term}` : `${kind.compareKey}:"${term}"`
  )
  return kind.type === 'blacklist' ? terms.join(' OR ') : `NOT ${terms.join(' AND NOT ')}`
}

/** As Python's json.dumps without blanks. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

/** As Python's urllib.parse.quote. */
function percent(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!*'()]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
}

/** The URL from the place where the app is, with the tenant; as it stands where it is not known where that is. */
function whole(url: string, base: string | undefined, tenant: string | undefined): string {
  if (!URL.canParse(url, base)) return url
  if (base === undefined && tenant === undefined) return url
  const joined = new URL(url, base)
  if (tenant !== undefined) joined.searchParams.append('security_tenant', tenant)
  return joined.href
}
