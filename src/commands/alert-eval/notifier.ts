import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Log, Metric } from '../../lib/cli/index.ts'
import {
  type Alerter,
  createAlerter,
  Journal,
  type Language,
  type Notification,
  NotificationQueue,
  type Pending,
  type Receiver,
  Undelivered
} from '../../lib/notify/index.ts'
import {
  type AlerterConfig,
  alertParts,
  alertTexts,
  lookup,
  type Match,
  matchesOf,
  matchForAlerters,
  matchTime,
  matchWithCounts,
  type Notifier,
  pythonFormat,
  pythonStr,
  type Rule,
  renderTemplate,
  stateOf
} from '../../lib/rules/index.ts'
import type { StateDirectory } from '../../lib/stream/index.ts'

export interface NotifierOptions {
  readonly dryRun: boolean
  /** File for what is given up. */
  readonly undelivered: string | undefined
  /** Milliseconds for which one notification is tried. */
  readonly deliverFor: number
  readonly state: StateDirectory | null
  readonly stop: AbortSignal
  readonly log: Log
}

/** The notifier of a run, with what it tells of itself. */
export interface RunNotifier extends Notifier {
  readonly metrics?: Metric[]
  close?(): Promise<void>
}

interface Channel {
  readonly name: string
  readonly alerter: Alerter
  readonly options: AlerterConfig['options']
}

interface Told {
  readonly receiver: Receiver
  readonly options: AlerterConfig['options']
}

const JOURNAL = 'notifications.ndjson'

/** At the end of the input, and after SIGTERM, what is under way is waited for, but not for ever. */
const END_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 10_000

export const language: Language = {
  value: ({ match, envelope }, name) => lookup({ row: match, envelope }, name),
  text: pythonStr,
  format: pythonFormat,
  render: renderTemplate
}

/** Tells an alert to each alerter of its rule. */
export async function openNotifier(rules: Rule[], options: NotifierOptions): Promise<RunNotifier> {
  return options.dryRun ? dryNotifier(options.log) : sendingNotifier(rules, options)
}

function dryNotifier(log: Log): Notifier {
  return {
    tell(match) {
      for (const { name, alerter, options } of channelsOf(match.rule, log)) {
        log.info(
          `${name} would be notified: ${alerter.describe(notificationOf(match, options, alerter.type))}`
        )
      }
    },
    room: async () => {},
    kept: async () => {},
    settled: async () => {}
  }
}

async function sendingNotifier(
  rules: Rule[],
  { undelivered: path, deliverFor, state, stop, log }: NotifierOptions
): Promise<RunNotifier> {
  const undelivered = path === undefined ? null : new Undelivered(path)
  const journal = state === null ? null : await Journal.open(join(state.path, JOURNAL))
  const counts = { notified: 0, failed: 0 }
  const givenUp = (receiver: string, pending: Pending, reason: string): void => {
    counts.failed++
    log.error(`${receiver} was not notified: ${reason}`)
    undelivered?.write(receiver, pending, reason)
  }
  const queue = new NotificationQueue({ deliverFor, journal, givenUp })
  const known = new Map<Rule, Told[]>()
  const receiversOf = (rule: Rule): Told[] => {
    // also of a rule that was read later
    const own =
      known.get(rule) ??
      channelsOf(rule, log).map(({ name, alerter, options }) => ({
        receiver: queue.receiver(name, alerter),
        options
      }))
    known.set(rule, own)
    return own
  }
  for (const rule of rules) receiversOf(rule)
  queue.dropOrphans()
  let settled: Promise<void> | undefined
  const settle = async (): Promise<void> => {
    const left = await queue.finish(stop.aborted ? STOP_LIMIT_MS : END_LIMIT_MS)
    if (journal === null) {
      for (const { receiver, pending } of left) givenUp(receiver, pending, 'the run has ended')
    } else if (left.length > 0) {
      log.warn(`${left.length} not delivered yet: the next run with this --state goes on with them`)
    }
    await journal?.sync()
  }
  return {
    tell(match) {
      for (const { receiver, options } of receiversOf(match.rule)) {
        counts.notified++
        queue.add(receiver, notificationOf(match, options, receiver.alerter.type))
      }
    },
    room: () => queue.room(),
    kept: () => queue.kept(),
    settled: () => (settled ??= settle()),
    metrics: [
      {
        name: 'notifications_total',
        help: 'Notifications begun',
        kind: 'counter',
        read: () => counts.notified
      },
      {
        name: 'notifications_failed_total',
        help: 'Notifications that failed',
        kind: 'counter',
        read: () => counts.failed
      },
      {
        name: 'notifications_waiting',
        help: 'Notifications that are not delivered yet',
        kind: 'gauge',
        read: () => queue.waiting
      }
    ],
    async close() {
      await journal?.close()
      await undelivered?.close()
    }
  }
}

/** The alerters of a rule, by names that are the same in every run. */
function channelsOf(rule: Rule, log: Log): Channel[] {
  const seen = new Map<string, number>()
  return rule.alerters.flatMap(({ type, options }) => {
    const alerter = createAlerter(type, options, { log, language, folder: dirname(rule.file) })
    if (alerter === undefined) return []
    const nth = (seen.get(type) ?? 0) + 1
    seen.set(type, nth)
    return [{ name: `rule "${rule.name}": ${type}${nth > 1 ? ` ${nth}` : ''}`, alerter, options }]
  })
}

/** @param type of the alerter, where that is one that has texts of its own */
export function notificationOf(match: Match, options: AlerterConfig['options'], type = ''): Notification {
  const { rule, key, fields } = match
  const document = matchForAlerters(match)
  const id = hash([rule.name, key, match.micros, stateOf(match), document])
  return {
    id,
    incident: rule.resolveAfter === undefined ? id : hash([rule.name, key]),
    key,
    rule: rule.name,
    state: stateOf(match),
    timestamp: matchTime(match),
    ...(type === 'jira'
      ? { ...alertTexts(match, options, 'jira'), parts: alertParts(match, options, 'jira') }
      : alertTexts(match, options)),
    match: document,
    matches: matchesOf(match).map(matchWithCounts),
    envelope: fields.envelope
  }
}

function hash(parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
