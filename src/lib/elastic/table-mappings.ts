import { type Backoff, type Log, ToolError } from '../cli/index.ts'
import type { RowSchema } from '../stream/index.ts'
import type { FieldMapping, ServerTypes } from './column-mapping.ts'
import {
  type ElasticConnection,
  errorReason,
  networkReason,
  type Response,
  unreachable
} from './connection.ts'
import type { DerivedTemplate, DerivedTemplates } from './derived-templates.ts'
import { type IndexTemplate, type Properties, takesMore, templateRefused } from './index-template.ts'

interface Mapping {
  readonly dynamic?: unknown
  readonly type?: string
  readonly properties?: Readonly<Record<string, Mapping>>
}

/** Names of indices in a request: its first line may have 4,096 bytes. */
const MOST_NAMES_BYTES = 2000
const MOST_TOLD = 5
const GOES_ON_WITHOUT = 'es-sink goes on without'

/** Keeps index templates, and the mappings of indices that are there, in step with the columns of tables. */
export class TableMappings {
  readonly #connection: ElasticConnection
  readonly #templates: DerivedTemplates
  readonly #backoff: () => Backoff
  readonly #log: Log
  /** Types that this server does not have. */
  readonly #lacking = new Set<string>()
  readonly #types: ServerTypes
  /** The body of each template as it was last put. */
  readonly #put = new Map<string, string>()

  constructor(
    connection: ElasticConnection,
    templates: DerivedTemplates,
    distribution: ServerTypes['distribution'],
    backoff: () => Backoff,
    log: Log
  ) {
    this.#connection = connection
    this.#templates = templates
    this.#types = { distribution, has: type => !this.#lacking.has(type) }
    this.#backoff = backoff
    this.#log = log
  }

  /**
   * Makes the server ready for the rows of a table: resolves when they may be written.
   * @param setup templates alone: indices stay as they are
   * @throws ToolError SERVER
   */
  async apply(schema: RowSchema, setup = false): Promise<void> {
    const derived = await this.#accepted(schema, ({ name, body }) => {
      const text = JSON.stringify(body)
      if (this.#put.get(name) === text) return Promise.resolve(null)
      return this.#request('PUT', `/_index_template/${encodeURIComponent(name)}`, text)
    })
    if (derived === null) return
    const { name, body } = derived.template
    const isNew = !this.#put.has(name)
    this.#put.set(name, JSON.stringify(body))
    if (!setup) await this.#update(derived, isNew)
  }

  /** The template that `apply` would put; null where it would put none. */
  async preview(schema: RowSchema): Promise<IndexTemplate | null> {
    const derived = await this.#accepted(schema, ({ body }) =>
      this.#request('POST', '/_index_template/_simulate', JSON.stringify(body))
    )
    return derived?.template ?? null
  }

  /**
   * A template of types that the server has: it is asked with one, and says which it does not know.
   * @param ask null: nothing is asked
   * @returns null where there is nothing to do
   */
  async #accepted(
    schema: RowSchema,
    ask: (template: IndexTemplate) => Promise<Response | null>
  ): Promise<DerivedTemplate | null> {
    for (;;) {
      const derived = this.#templates.of(schema, this.#types)
      if (derived === null) return null
      const response = await ask(derived.template)
      if (response === null) return null
      if (response.status === 200) return derived
      const type = unknownType(response.body)
      if (type === null || this.#lacking.has(type)) {
        throw templateRefused(this.#connection, derived.template.name, response)
      }
      this.#lacking.add(type)
    }
  }

  /** Gives indices that are there the fields that they lack. */
  async #update({ pattern, properties }: DerivedTemplate, isNew: boolean): Promise<void> {
    const path = `/${encodeURIComponent(pattern)}/_mapping?ignore_unavailable=true&allow_no_indices=true`
    const response = await this.#request('GET', path)
    if (response.status === 404) return
    if (response.status !== 200) return this.#tell(`the mappings of ${pattern} cannot be read`, response)
    const indices = JSON.parse(response.body) as Record<string, { mappings?: Mapping }>
    /** Indices by the fields that they lack. */
    const lacking = new Map<string, string[]>()
    const others = new Map<string, string>()
    for (const [index, { mappings = {} }] of Object.entries(indices)) {
      if (!takesMore(mappings)) continue
      const missing: Record<string, FieldMapping> = {}
      for (const [name, mapping] of Object.entries(properties)) {
        const there = fieldOf(mappings, name)
        if (there === undefined) missing[name] = mapping
        else if (typeOf(there) !== typeOf(mapping)) others.set(name, `${index} has ${typeOf(there)}`)
      }
      if (Object.keys(missing).length === 0) continue
      const body = JSON.stringify({ properties: missing })
      lacking.set(body, [...(lacking.get(body) ?? []), index])
    }
    for (const [body, names] of lacking) {
      for (const some of inRequests(names)) {
        const answer = await this.#request('PUT', `/${some}/_mapping`, body)
        const count = some.split(',').length
        const which = count === 1 ? some : `${count} indices of ${pattern}`
        if (answer.status !== 200) this.#tell(`fields of ${which} cannot be mapped`, answer)
      }
    }
    if (others.size > 0) this.#tellOthers(pattern, properties, others, isNew)
  }

  #tell(what: string, response: Response): void {
    const reason = errorReason(response.body) ?? `status ${response.status}`
    this.#log.warn(`${what}, ${GOES_ON_WITHOUT}: ${reason}`)
  }

  /** What an index has from before is an old story at the start of a run, and news when a column has changed. */
  #tellOthers(
    pattern: string,
    properties: Properties,
    others: ReadonlyMap<string, string>,
    isNew: boolean
  ): void {
    const parts = [...others]
      .slice(0, MOST_TOLD)
      .map(([name, has]) => `'${name}' ${typeOf(properties[name] ?? {})} (${has})`)
    const more = others.size > MOST_TOLD ? ` and ${others.size - MOST_TOLD} more` : ''
    const message =
      `${pattern}: new indices have ${parts.join(', ')}${more}; the type of a field that is there stays, ` +
      'and refuses values that do not fit: _reindex into a new index changes it'
    if (isNew) this.#log.info(message)
    else this.#log.warn(message)
  }

  /** Asks until the server can answer. @throws ToolError SERVER when it stays away past the limit */
  async #request(method: 'GET' | 'POST' | 'PUT', path: string, body?: string): Promise<Response> {
    const backoff = this.#backoff()
    for (;;) {
      let reason: string
      try {
        const response = await this.#connection.request(method, path, body)
        if (response.status !== 429 && response.status < 500) return response
        reason = errorReason(response.body) ?? `status ${response.status}`
      } catch (error) {
        if (error instanceof ToolError) throw error
        reason = networkReason(error)
      }
      if (!(await backoff.wait())) throw unreachable(this.#connection.name, reason)
    }
  }
}

/** The type that a refusal is about: Elasticsearch's words, and OpenSearch's. */
function unknownType(body: string): string | null {
  return /(?:mapper type|handler for type) \[(\w+)\] declared on field/.exec(body)?.[1] ?? null
}

function typeOf({ type, properties }: FieldMapping | Mapping): string {
  return typeof type === 'string' ? type : properties === undefined ? 'none' : 'object'
}

/** A dot in a name leads into an object. */
function fieldOf({ properties }: Mapping, name: string): Mapping | undefined {
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name]
  const dot = name.indexOf('.')
  const outer = dot < 0 ? undefined : properties?.[name.slice(0, dot)]
  return outer === undefined ? undefined : fieldOf(outer, name.slice(dot + 1))
}

function inRequests(names: readonly string[]): string[] {
  const requests: string[] = []
  for (const name of names) {
    const last = requests.at(-1)
    if (last !== undefined && last.length + name.length < MOST_NAMES_BYTES) {
      requests[requests.length - 1] = `${last},${encodeURIComponent(name)}`
    } else requests.push(encodeURIComponent(name))
  }
  return requests
}
