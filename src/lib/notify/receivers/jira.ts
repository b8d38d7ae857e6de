import { cropped } from '../http-alerter.ts'
import { type Alerter, type Language, type Notification, Refused } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { originOf } from '../transport.ts'
import { JiraClient, type JiraIssue } from './jira-client.ts'
import { fieldOf, otherFields } from './jira-fields.ts'

const MAX_AGE_DAYS = 30
const DAY_MS = 86_400_000
/** Jira refuses longer ones. */
const SUMMARY_MOST = 255
const TEXT_MOST = 32_767
const CUT = '\n… (cut)'

type Step = (stop: AbortSignal) => Promise<void>

/** How far a notification is: what is done is not done again by another attempt. */
interface Progress {
  /** The issue that was made or found; null where none is wanted. */
  readonly key: string | null
  readonly steps: readonly Step[]
  done: number
  /** What Jira has refused beside the issue itself. */
  readonly refused: string[]
}

/**
 * A ticket in Jira for each alert, or a comment on the one that there is already, as of ElastAlert 2.31. A notice that a
 * condition has cleared is a comment on the ticket.
 */
export class JiraAlerter implements Alerter {
  readonly type = 'jira'
  readonly #options: AlerterOptions
  readonly #language: Language
  readonly #client: JiraClient
  readonly #progress = new WeakMap<Notification, Progress>()

  /** @param folder that of the rule file, from which jira_account_file is named */
  constructor(options: AlerterOptions, language: Language, folder: string) {
    this.#options = options
    this.#language = language
    this.#client = new JiraClient(options, folder)
  }

  async send(notification: Notification, stop: AbortSignal): Promise<void> {
    const progress = this.#progress.get(notification) ?? (await this.#begin(notification, stop))
    this.#progress.set(notification, progress)
    const { key, steps, refused } = progress
    for (let step = steps[progress.done]; step !== undefined; step = steps[++progress.done]) {
      try {
        await step(stop)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        refused.push(error.message)
      }
    }
    if (refused.length > 0)
      throw new Refused(`${key} is told of it, but not all is done: ${refused.join('; ')}`)
  }

  describe(notification: Notification): string {
    const other = otherFields(this.#options, this.#language, notification)
    const fields = { ...this.#fields(notification), ...Object.fromEntries(other) }
    return `POST ${originOf(this.#client.server)} ${JSON.stringify({ fields })}`
  }

  async #begin(notification: Notification, stop: AbortSignal): Promise<Progress> {
    const progress = (key: string | null, steps: Step[] = []): Progress => ({
      key,
      steps,
      done: 0,
      refused: []
    })
    const isResolved = notification.state === 'resolved'
    const isBumped = this.#options.flag('jira_bump_tickets')
    const issue = isBumped || isResolved ? await this.#find(notification, stop) : null
    if (issue !== null) {
      const steps = isResolved || !this.#isActive(issue) ? this.#commentSteps(issue.key, notification) : []
      return progress(issue.key, steps)
    }
    if (isResolved || this.#options.flag('jira_bump_only')) return progress(null)
    const fields = await this.#allFields(notification, stop)
    const key = await this.#client.create(fields, stop)
    return progress(key, this.#newSteps(key))
  }

  #newSteps(key: string): Step[] {
    const client = this.#client
    const options = this.#options
    const assignee = options.text('jira_assignee')
    return [
      ...(options.has('jira_priority') ? [(stop: AbortSignal) => this.#checkPriority(stop)] : []),
      ...(assignee === '' ? [] : [(stop: AbortSignal) => client.assign(key, assignee, stop)]),
      ...options.texts('jira_watchers').map(user => (stop: AbortSignal) => client.watch(key, user, stop))
    ]
  }

  #commentSteps(key: string, { state, text, parts = [] }: Notification): Step[] {
    const client = this.#client
    const comment =
      (body: string): Step =>
      stop =>
        client.comment(key, cropped(body, TEXT_MOST, TEXT_MOST - CUT.length, CUT), stop)
    if (state === 'resolved') return [comment(text)]
    const transition = this.#options.text('jira_transition_to')
    return [
      ...parts.map(({ time, text }) => comment(`This alert was triggered again at ${time}\n${text}`)),
      ...(transition === '' ? [] : [(stop: AbortSignal) => client.transition(key, transition, stop)])
    ]
  }

  // --- a ticket that there is already ---

  async #find(notification: Notification, stop: AbortSignal): Promise<JiraIssue | null> {
    try {
      return await this.#client.find(this.#query(notification), stop)
    } catch (error) {
      // An alert is not lost over what Jira cannot look for.
      if (!(error instanceof Refused)) throw error
      return null
    }
  }

  /** In JQL. */
  #query(notification: Notification): string {
    const options = this.#options
    const days = options.number('jira_max_age', MAX_AGE_DAYS)
    const since = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
    const statuses = (name: string, operator: string): string => {
      const listed = options.texts(name).map(status => (status.includes(' ') ? `"${status}"` : status))
      return listed.length === 0 ? '' : ` and status ${operator} (${listed.join(',')})`
    }
    const title = this.#searched(notification)
    const base = `project=${options.text('jira_project')} AND summary~"${title}" and created >= "${since}"`
    return `${base}${statuses('jira_bump_in_statuses', 'in')}${statuses('jira_bump_not_in_statuses', 'not in')}`
  }

  #searched(notification: Notification): string {
    const title = this.#title(notification, true)
    const ignored = this.#options.text('jira_ignore_in_title')
    const value = ignored === '' ? undefined : this.#language.value(notification, ignored)
    const kept =
      value === undefined || value === '' ? title : title.replaceAll(this.#language.text(value), '')
    return kept.replaceAll(' - ', ' ').replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  }

  /** Somebody is at work on it. */
  #isActive({ updated }: JiraIssue): boolean {
    const days = this.#options.number('jira_bump_after_inactivity', 0)
    return Date.parse(updated) >= Date.now() - days * DAY_MS
  }

  // --- a new one ---

  #title(notification: Notification, isSearched = false): string {
    const options = this.#options
    const { subject, rule, match, parts = [] } = notification
    if (options.has('alert_subject')) return subject.replace(/^Resolved: /, '')
    const key = options.texts('query_key').join(',')
    const value = key === '' ? undefined : (match[key] ?? this.#language.value(notification, key))
    const title = value ? `ElastAlert: ${this.#language.text(value)} matched ${rule}` : `ElastAlert: ${rule}`
    if (isSearched) return title
    const time = parts[0] === undefined ? '' : ` - ${parts[0].time}`
    const count = match.spike_count ? ` - ${this.#language.text(match.spike_count)}+ events` : ''
    return title + time + count
  }

  /** Those that Jira need not be asked for. */
  #fields(notification: Notification): Record<string, unknown> {
    const options = this.#options
    const parent = options.text('jira_parent')
    const components = options.texts(options.has('jira_components') ? 'jira_components' : 'jira_component')
    const labels = options.texts(options.has('jira_labels') ? 'jira_labels' : 'jira_label')
    const summary = this.#title(notification).replace(/\s*\n\s*/g, ' ')
    const description = `${options.text('jira_description')}\n${notification.text}`
    return {
      project: { key: options.text('jira_project') },
      ...(parent === '' ? {} : { parent: { key: parent } }),
      issuetype: { name: options.text('jira_issuetype') },
      ...(components.length === 0 ? {} : { components: components.map(name => ({ name })) }),
      ...(labels.length === 0 ? {} : { labels }),
      summary: cropped(summary, SUMMARY_MOST, SUMMARY_MOST - 1, '…'),
      description: cropped(description, TEXT_MOST, TEXT_MOST - CUT.length, CUT)
    }
  }

  async #allFields(notification: Notification, stop: AbortSignal): Promise<Record<string, unknown>> {
    const own = this.#fields(notification)
    const { summary, description } = own
    const priority = await this.#priority(stop)
    const other = otherFields(this.#options, this.#language, notification)
    const known = other.length === 0 ? [] : await this.#client.fields(stop)
    const set = other.map(([option, value]) => fieldOf(option, value, known))
    const chosen = priority === undefined ? {} : { priority: { id: priority } }
    return { ...own, ...chosen, ...Object.fromEntries(set), summary, description }
  }

  /** jira_priority counts them from 0 on. */
  async #priority(stop: AbortSignal): Promise<string | undefined> {
    if (!this.#options.has('jira_priority')) return undefined
    return (await this.#client.priorities(stop))[this.#options.number('jira_priority', 0)]?.id
  }

  /** The issue is made without one that there is not. @throws Refused */
  async #checkPriority(stop: AbortSignal): Promise<void> {
    if ((await this.#priority(stop)) !== undefined) return
    const { length } = await this.#client.priorities(stop)
    throw new Refused(
      `jira_priority is one of 0 to ${length - 1}, not ${this.#options.text('jira_priority')}`
    )
  }
}
