import { type Log, ToolError } from '../cli/index.ts'
import { type ElasticConnection, errorReason, type ServerInfo } from './connection.ts'
import type { Deletes, WriteMode } from './documents.ts'

/** What a run is going to do. */
export interface Intent {
  /** Of the indices that documents go to: `joins-*`. */
  readonly patterns: readonly string[]
  readonly mode: WriteMode
  readonly deletes: Deletes
  /** Whether index templates are put in any case; and whether they and mappings are where tables are told of. */
  readonly putsTemplates: boolean
  readonly derives: boolean
}

/** A privilege of the cluster or of indices. */
interface Need {
  /** One of these is enough. The first is the one to ask for. */
  readonly oneOf: readonly string[]
  readonly of: 'cluster' | 'index'
  /** What cannot be done without it. */
  readonly lack: string
  /** Not every run needs it. */
  readonly isOptional?: boolean
}

function needs({ mode, deletes, putsTemplates, derives }: Intent): Need[] {
  const writing = mode === 'append' ? ['create_doc', 'index', 'write'] : ['index', 'write']
  const list: Need[] = [
    { oneOf: writing, of: 'index', lack: 'no document can be written' },
    { oneOf: ['create_index', 'auto_configure'], of: 'index', lack: 'an index that is not there is not made' }
  ]
  if (mode !== 'append' && deletes === 'delete') {
    list.push({ oneOf: ['delete', 'write'], of: 'index', lack: 'no document can be deleted' })
  }
  if (putsTemplates || derives) {
    list.push({
      oneOf: ['manage_index_templates'],
      of: 'cluster',
      lack: putsTemplates
        ? 'no index template can be put'
        : 'no mappings of columns can be put as a template',
      isOptional: !putsTemplates
    })
  }
  if (derives) {
    list.push({
      oneOf: ['manage'],
      of: 'index',
      lack: 'an index does not follow new columns',
      isOptional: true
    })
  }
  if (mode === 'upsert') {
    list.push({
      oneOf: ['read'],
      of: 'index',
      lack: 'rows of which the log has only some columns cannot be written',
      isOptional: true
    })
  }
  return list
}

/** Elasticsearch's answer, as of its documentation (has privileges API). */
interface Answer {
  readonly username?: string
  readonly cluster?: Readonly<Record<string, boolean>>
  readonly index?: Readonly<Record<string, Readonly<Record<string, boolean>>>>
}

/** What a server answers that has no such API: security is off there, or not installed. */
const WITHOUT_API = [400, 404, 405]

/**
 * Asks the server whether its user may do what a run is going to do; what not every run needs is a warning.
 * @returns an error that names what is missing, with the role that has it all, or null
 */
export async function checkPrivileges(
  connection: ElasticConnection,
  distribution: ServerInfo['distribution'],
  intent: Intent,
  log: Log
): Promise<ToolError | null> {
  if (distribution === 'opensearch') {
    await tellRoles(connection, log)
    return null
  }
  const all = needs(intent)
  const names = (of: Need['of']): string[] => [
    ...new Set(all.filter(need => need.of === of).flatMap(({ oneOf }) => oneOf))
  ]
  const { status, body } = await connection.request(
    'POST',
    '/_security/user/_has_privileges',
    JSON.stringify({
      cluster: names('cluster'),
      index: [{ names: intent.patterns, privileges: names('index') }]
    })
  )
  if (status !== 200) {
    if (WITHOUT_API.includes(status)) log.info('security is off on the server: everybody may do everything')
    else log.warn(`the privileges cannot be asked for: ${errorReason(body) ?? `status ${status}`}`)
    return null
  }
  const { username = 'the user', cluster = {}, index = {} } = JSON.parse(body) as Answer
  const missing: string[] = []
  for (const { oneOf, of, lack, isOptional } of all) {
    const held = (privileges: Readonly<Record<string, boolean>> = {}): boolean =>
      oneOf.some(privilege => privileges[privilege] === true)
    const [privilege] = oneOf
    const lacking =
      of === 'cluster'
        ? held(cluster)
          ? []
          : [`the cluster privilege ${privilege}`]
        : intent.patterns
            .filter(pattern => !held(index[pattern]))
            .map(pattern => `the privilege ${privilege} on '${pattern}'`)
    for (const what of lacking) {
      if (isOptional === true) log.warn(`${username} lacks ${what}: ${lack}`)
      else missing.push(`${what} (${lack})`)
    }
  }
  if (missing.length === 0) {
    log.info(`${username} has the privileges that a run needs`)
    return null
  }
  return new ToolError('SERVER', `${username} lacks ${missing.join(', ')}`, {
    hint: remedy(all, intent.patterns)
  })
}

/** The role with all of it, to be given to the user. */
function remedy(all: readonly Need[], names: readonly string[]): string {
  const privileges = (of: Need['of']): string[] =>
    all.filter(need => need.of === of).map(({ oneOf }) => oneOf[0] as string)
  const role = {
    cluster: ['monitor', ...privileges('cluster')],
    indices: [{ names, privileges: privileges('index') }]
  }
  return `give the user this role: PUT /_security/role/es-sink ${JSON.stringify(role)}`
}

/** OpenSearch's security plugin tells of a user's roles, not whether they allow something. */
async function tellRoles(connection: ElasticConnection, log: Log): Promise<void> {
  const { status, body } = await connection.request('GET', '/_plugins/_security/authinfo')
  if (status === 200) {
    const { user_name: user = 'the user', roles = [] } = JSON.parse(body) as {
      user_name?: string
      roles?: string[]
    }
    log.info(
      `${user} has the roles ${roles.join(', ') || '(none)'}; OpenSearch does not tell whether they are enough: they need crud and create_index on the indices, and cluster_composite_ops`
    )
  } else if (WITHOUT_API.includes(status)) {
    log.info('the server has no security plugin: everybody may do everything')
  } else log.warn(`the roles cannot be asked for: ${errorReason(body) ?? `status ${status}`}`)
}
