import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { messageOf } from '../../cli/index.ts'
import { Refused } from '../notification.ts'
import { AlerterOptions } from '../options.ts'
import { basic, createTransport, type HttpRequest, originOf, type Transport } from '../transport.ts'

/** A field that issues may have, as `GET field` names it. */
export interface JiraField {
  readonly id: string
  readonly name: string
  /** Absent of fields that cannot be set. */
  readonly schema?: { readonly type: string; readonly items?: string; readonly custom?: string }
}

export interface JiraIssue {
  readonly key: string
  /** ISO 8601, as `updated` of its fields. */
  readonly updated: string
}

const API = '/rest/api/2'
const USERS = 20

/**
 * Jira's REST API, version 2, in the cloud and of one's own servers.
 *
 * Source: https://developer.atlassian.com/cloud/jira/platform/rest/v2 and https://docs.atlassian.com/software/jira/docs/api/REST
 */
export class JiraClient {
  readonly server: string
  readonly #transport: Transport
  readonly #authorization: () => string
  #fields: Promise<readonly JiraField[]> | undefined
  #priorities: Promise<readonly { readonly id: string }[]> | undefined
  #isCloud: Promise<boolean> | undefined

  /** @param folder that of the rule file, from which jira_account_file is named */
  constructor(options: AlerterOptions, folder: string) {
    this.server = options.text('jira_server').replace(/\/+$/, '')
    // Options such as jira_timeout would be fields of issues.
    this.#transport = createTransport(new AlerterOptions({}), 'jira')
    let authorization: string | undefined
    this.#authorization = () => (authorization ??= account(options.text('jira_account_file'), folder))
  }

  async fields(stop: AbortSignal): Promise<readonly JiraField[]> {
    const fields = (this.#fields ??= this.#get<JiraField[]>('/field', {}, stop))
    return fields.catch(error => {
      this.#fields = undefined
      throw error
    })
  }

  /** In Jira's order. */
  async priorities(stop: AbortSignal): Promise<readonly { readonly id: string }[]> {
    const priorities = (this.#priorities ??= this.#get<{ id: string }[]>('/priority', {}, stop))
    return priorities.catch(error => {
      this.#priorities = undefined
      throw error
    })
  }

  async #isInCloud(stop: AbortSignal): Promise<boolean> {
    const answer = (this.#isCloud ??= this.#get<{ deploymentType?: string }>('/serverInfo', {}, stop).then(
      ({ deploymentType }) => deploymentType === 'Cloud'
    ))
    return answer.catch(error => {
      this.#isCloud = undefined
      throw error
    })
  }

  /** The first issue that a JQL query finds. */
  async find(jql: string, stop: AbortSignal): Promise<JiraIssue | null> {
    // Each of the two has not, or not any more, what the other has.
    const search = (await this.#isInCloud(stop)) ? '/search/jql' : '/search'
    type Found = { issues?: { key: string; fields?: { updated?: string } }[] }
    const { issues } = await this.#get<Found>(search, { jql, fields: 'updated', maxResults: '1' }, stop)
    const [issue] = issues ?? []
    return issue === undefined ? null : { key: issue.key, updated: issue.fields?.updated ?? '' }
  }

  /** @returns its key */
  async create(fields: Readonly<Record<string, unknown>>, stop: AbortSignal): Promise<string> {
    const { key } = await this.#ask<{ key?: string }>('POST', '/issue', { fields }, stop)
    if (key === undefined) throw new Refused(`${originOf(this.server)} has made an issue without a key`)
    return key
  }

  async comment(key: string, body: string, stop: AbortSignal): Promise<void> {
    await this.#ask('POST', `/issue/${key}/comment`, { body }, stop)
  }

  /** @throws Refused when the issue has no such transition now */
  async transition(key: string, name: string, stop: AbortSignal): Promise<void> {
    type Known = { transitions: { id: string; name: string }[] }
    const { transitions } = await this.#get<Known>(`/issue/${key}/transitions`, {}, stop)
    const found = transitions.find(transition => transition.name === name)
    if (found === undefined) {
      const names = transitions.map(({ name }) => name).join(', ')
      throw new Refused(`no transition is named ${name}: there are ${names || 'none'}`)
    }
    const body = { transition: { id: Number(found.id) }, fields: {} }
    await this.#ask('POST', `/issue/${key}/transitions`, body, stop)
  }

  async assign(key: string, user: string, stop: AbortSignal): Promise<void> {
    const id = await this.#user(user, stop)
    const body = (await this.#isInCloud(stop)) ? { accountId: id } : { name: id }
    await this.#ask('PUT', `/issue/${key}/assignee`, body, stop)
  }

  async watch(key: string, user: string, stop: AbortSignal): Promise<void> {
    await this.#ask('POST', `/issue/${key}/watchers`, await this.#user(user, stop), stop)
  }

  /** By what people know of one: a name, or an address. -1 is whom Jira chooses. */
  async #user(user: string, stop: AbortSignal): Promise<string> {
    if (user === '-1') return user
    const isCloud = await this.#isInCloud(stop)
    const query = { [isCloud ? 'query' : 'username']: user, maxResults: String(USERS) }
    const found = await this.#get<{ accountId?: string; name?: string }[]>('/user/search', query, stop)
    const ids = found.flatMap(one => (isCloud ? one.accountId : one.name) ?? [])
    const id = ids.includes(user) ? user : ids[0]
    if (id === undefined) throw new Refused(`no user is named ${user}`)
    return id
  }

  #get<T>(endpoint: string, query: Readonly<Record<string, string>>, stop: AbortSignal): Promise<T> {
    const parameters = new URLSearchParams(query).toString()
    return this.#ask('GET', parameters === '' ? endpoint : `${endpoint}?${parameters}`, undefined, stop)
  }

  async #ask<T>(
    method: NonNullable<HttpRequest['method']>,
    endpoint: string,
    body: unknown,
    stop: AbortSignal
  ): Promise<T> {
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      authorization: this.#authorization()
    }
    const text = body === undefined ? '' : JSON.stringify(body)
    const answer = await this.#transport(
      { method, url: this.server + API + endpoint, headers, body: text },
      stop
    )
    if (answer.body === '') return {} as T
    try {
      return JSON.parse(answer.body)
    } catch {
      const what = `${originOf(this.server)} answers ${endpoint.replace(/\?.*/, '')} with what is no JSON`
      throw new Refused(`${what}: is jira_server the address of a Jira?`)
    }
  }
}

/** @throws Refused when the file cannot be read */
function account(file: string, folder: string): string {
  try {
    const { apikey, user, password } = parse(readFileSync(path.resolve(folder, file), 'utf8'))
    return apikey === undefined ? basic(String(user), String(password)) : `Bearer ${apikey}`
  } catch (error) {
    throw new Refused(`jira_account_file ${file}: ${messageOf(error)}`)
  }
}
