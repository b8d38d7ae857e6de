import assert from 'node:assert/strict'
import type { Alerter, Notification } from '../../src/lib/notify/index.ts'
import { Evaluator, type Match, type Rule } from '../../src/lib/rules/index.ts'

/** A notification that differs from others by its subject. */
export function notification(subject: string, more: Partial<Notification> = {}): Notification {
  return {
    id: `id of ${subject}`,
    incident: `id of ${subject}`,
    key: null,
    rule: 'r',
    state: 'firing',
    timestamp: '2026-11-24T10:00:00.000Z',
    subject,
    text: '',
    match: {},
    matches: [{}],
    ...more
  }
}

/** An alerter that does what it is told to with each subject. */
export function alerter(send: (subject: string, stop: AbortSignal) => Promise<void>): Alerter {
  return {
    type: 'test',
    send: ({ subject }, stop) => send(subject, stop),
    describe: ({ subject }) => subject
  }
}

/** The match of a rule that takes any event, for one that ElastAlert has counted. */
export function matchOf(rule: Rule, { num_hits, num_matches, ...event }: Record<string, unknown>): Match {
  const found: Match[] = []
  const evaluator = new Evaluator([rule])
  evaluator.process(Buffer.from(`${JSON.stringify(event)}\n`), {
    match: match => found.push(match),
    badLine: (_, line, reason) => assert.fail(`${line}: ${reason}`)
  })
  assert.equal(found.length, 1)
  return found[0]!
}
