import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { messageOf, ToolError, usageError } from '../cli/index.ts'
import type { Template } from '../stream/index.ts'
import type { FieldMapping } from './column-mapping.ts'
import { type ElasticConnection, errorReason, type Response, type ServerInfo } from './connection.ts'

/** Loaded when there is a file. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml')

export type Properties = Readonly<Record<string, FieldMapping>>

export interface TemplateOptions {
  /** JSON or YAML: `{"mappings":{…},"settings":{…}}`, or the mappings alone. */
  readonly mappings: string | undefined
  /** Name of a lifecycle policy: ILM of Elasticsearch, ISM of OpenSearch. */
  readonly policy: string | undefined
  readonly dataStream: boolean
  /** Whether mappings are derived from columns; unless it is false. */
  readonly derive?: boolean
}

/** Above the templates that come with the servers (100), below what users mean to come first. */
const PRIORITY = 150
const MOST_PRECISION = 49

/**
 * How long a deleted document's version is remembered, so that an older event which comes late does not bring it back.
 * The servers' own default is a minute.
 */
const REMEMBER_DELETES = '1h'

/** What new indices of a name are made with. */
export interface IndexTemplate {
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * The names that a template may give, as a pattern.
 * @param known values of fields
 */
export function wildcards(template: Template, known: Readonly<Record<string, string>> = {}): string {
  return template.pieces
    .map(piece => {
      if (typeof piece === 'string') return piece
      const value = known[template.fields[piece.index] as string]
      return value === undefined || piece.format !== undefined ? '*' : value
    })
    .join('')
    .replace(/\*+/g, '*')
}

/** Makes index templates of what the flags say of new indices. */
export class TemplateMaker {
  readonly #options: TemplateOptions
  readonly #given: Given
  readonly #distribution: ServerInfo['distribution']

  /** @throws ToolError USAGE for a file that cannot be read */
  constructor(options: TemplateOptions, distribution: ServerInfo['distribution']) {
    this.#options = options
    this.#given = options.mappings === undefined ? {} : readMappings(options.mappings)
    this.#distribution = distribution
  }

  /** Whether fields may be mapped that the file does not name. */
  get takesMore(): boolean {
    return this.#options.derive !== false && takesMore(this.#given.mappings)
  }

  /** The templates for the names that documents go to; none when there is nothing to say about new indices. */
  all(names: readonly Template[]): IndexTemplate[] {
    const { mappings, policy, dataStream } = this.#options
    if (mappings === undefined && policy === undefined && !dataStream) return []
    return names.map(name => this.make(wildcards(name)))
  }

  /** Of the fields that come from columns those as the file has them that it names. */
  prefer(derived: Properties): Properties {
    const given = this.#given.mappings?.properties ?? {}
    return Object.fromEntries(
      Object.entries(derived).map(([name, mapping]) => [
        name,
        Object.hasOwn(given, name) ? (given[name] as FieldMapping) : mapping
      ])
    )
  }

  /** @param derived mappings of further fields than the file's */
  make(pattern: string, derived?: Properties): IndexTemplate {
    const { policy, dataStream } = this.#options
    const lifecycle =
      this.#distribution === 'opensearch'
        ? 'plugins.index_state_management.policy_id'
        : 'index.lifecycle.name'
    const given = this.#given.mappings
    const properties = { ...derived, ...given?.properties }
    const mappings = derived === undefined ? given : { ...given, properties }
    const settings = {
      'index.gc_deletes': REMEMBER_DELETES,
      ...(policy === undefined ? {} : { [lifecycle]: policy }),
      ...this.#given.settings
    }
    const literals = pattern.replaceAll('*', '').length
    return {
      name: `millrace-${pattern.replaceAll('*', '_')}`,
      body: {
        index_patterns: [pattern],
        // Of several patterns that a name fits, the one that says most.
        priority: PRIORITY + Math.min(literals, MOST_PRECISION),
        ...(dataStream ? { data_stream: {} } : {}),
        template: { settings, ...(mappings === undefined ? {} : { mappings }) }
      }
    }
  }
}

/** Whether fields that a mapping does not name are mapped when they come; undefined: there is none. */
export function takesMore(mapping: { readonly dynamic?: unknown } | undefined): boolean {
  return !['false', 'strict'].includes(String(mapping?.dynamic))
}

interface Mappings {
  readonly dynamic?: unknown
  readonly properties?: Properties
}

interface Given {
  readonly mappings?: Mappings
  readonly settings?: Readonly<Record<string, unknown>>
}

function readMappings(file: string): Given {
  let content: unknown
  try {
    content = yaml().parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw usageError(`--mappings ${file}: ${messageOf(error).split('\n')[0]}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw usageError(`--mappings ${file}: not an object`, 'write {"properties":{"amount":{"type":"double"}}}')
  }
  return 'mappings' in content || 'settings' in content ? (content as Given) : { mappings: content }
}

/** Makes or replaces templates on the server. @throws ToolError SERVER when it refuses */
export async function putTemplates(
  connection: ElasticConnection,
  templates: readonly IndexTemplate[]
): Promise<void> {
  for (const { name, body } of templates) {
    const response = await connection.request(
      'PUT',
      `/_index_template/${encodeURIComponent(name)}`,
      JSON.stringify(body)
    )
    if (response.status !== 200) throw templateRefused(connection, name, response)
  }
}

export function templateRefused(connection: ElasticConnection, name: string, response: Response): ToolError {
  const reason = errorReason(response.body) ?? `status ${response.status}`
  return new ToolError('SERVER', `${connection.name} refused the index template ${name}: ${reason}`, {
    ...(response.status === 403
      ? {
          hint: 'the user needs manage_index_templates; --dynamic-mappings does without templates of columns'
        }
      : {})
  })
}
