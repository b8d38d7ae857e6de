import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { messageOf, ToolError, usageError } from '../cli/index.ts'
import type { Template } from '../stream/index.ts'
import { type ElasticConnection, errorReason, type ServerInfo } from './connection.ts'

/** Loaded when there is a file. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml')

export interface TemplateOptions {
  /** JSON or YAML: `{"mappings":{…},"settings":{…}}`, or the mappings alone. */
  readonly mappings: string | undefined
  /** Name of a lifecycle policy: ILM of Elasticsearch, ISM of OpenSearch. */
  readonly policy: string | undefined
  readonly dataStream: boolean
}

/** Above the templates that come with the servers (100), below what users mean to come first. */
const PRIORITY = 150

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
 * The index template for each name that documents go to.
 * @returns none when there is nothing to say about new indices
 * @throws ToolError USAGE for a file that cannot be read
 */
export function indexTemplates(
  names: readonly Template[],
  options: TemplateOptions,
  distribution: ServerInfo['distribution']
): IndexTemplate[] {
  const { mappings: file, policy, dataStream } = options
  if (file === undefined && policy === undefined && !dataStream) return []
  const given = file === undefined ? {} : readMappings(file)
  const lifecycle =
    distribution === 'opensearch' ? 'plugins.index_state_management.policy_id' : 'index.lifecycle.name'
  return names.map(name => {
    const pattern = name.pieces
      .map(piece => (typeof piece === 'string' ? piece : '*'))
      .join('')
      .replace(/\*+/g, '*')
    const settings = {
      'index.gc_deletes': REMEMBER_DELETES,
      ...(policy === undefined ? {} : { [lifecycle]: policy }),
      ...given.settings
    }
    const template = { settings, ...(given.mappings === undefined ? {} : { mappings: given.mappings }) }
    return {
      name: `millrace-${pattern.replaceAll('*', '_')}`,
      body: {
        index_patterns: [pattern],
        priority: PRIORITY,
        ...(dataStream ? { data_stream: {} } : {}),
        template
      }
    }
  })
}

interface Given {
  readonly mappings?: unknown
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
    if (response.status === 200) continue
    const reason = errorReason(response.body) ?? `status ${response.status}`
    throw new ToolError('SERVER', `${connection.name} refused the index template ${name}: ${reason}`)
  }
}
