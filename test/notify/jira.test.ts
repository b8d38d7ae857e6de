import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { language, notificationOf } from '../../src/commands/alert-eval/notifier.ts'
import { type Alerter, createAlerter, type Notification, Refused } from '../../src/lib/notify/index.ts'
import { Evaluator, type Match } from '../../src/lib/rules/index.ts'
import { folder, rules } from '../rules/rules.ts'
import { notification } from './notifications.ts'
import { localReceiver, type Received } from './receiver.ts'

type Values = Record<string, unknown>
type Request = { jql: string } | { method: string; path: string; body: unknown }

const JIRA = JSON.parse(readFileSync(new URL('jira-server.json', import.meta.url), 'utf8'))
const never = new AbortController().signal

interface State {
  server?: 'cloud' | 'server'
  /** Tickets that a search finds. */
  issues?: string[]
  /** Statuses in place of 200, by method and path. */
  refuses?: Record<string, number>
}

/** A Jira on loopback, of a robot who has a password; what it was asked to change, and what it was asked for. */
async function jira(
  t: TestContext,
  { server = 'cloud', issues = [], refuses = {} }: State = {}
): Promise<{ url: string; requests: () => Request[]; asked: () => string[] }> {
  const API = '/rest/api/2/'
  const answerTo = ({ method, path }: Received): unknown => {
    const endpoint = path.slice(API.length).replace(/\?.*/, '')
    if (method !== 'GET') return endpoint === 'issue' ? { id: '1', key: 'OPS-1' } : {}
    if (endpoint === 'serverInfo') return JIRA[server]
    if (endpoint === (server === 'cloud' ? 'search/jql' : 'search'))
      return { issues: issues.map(key => ({ key, fields: { updated: JIRA.updated } })) }
    if (endpoint === 'user/search') return JIRA.users
    return endpoint.endsWith('/transitions') ? { transitions: JIRA.transitions } : JIRA[endpoint]
  }
  const { url, received } = await localReceiver(t, one => {
    assert.ok(one.path.startsWith(API), one.path)
    assert.equal(one.headers.authorization, `Basic ${Buffer.from('robot:secret').toString('base64')}`)
    const status = refuses[`${one.method} ${one.path.slice(API.length).replace(/\?.*/, '')}`] ?? 200
    const body = status === 200 ? (answerTo(one) ?? null) : { errorMessages: ['No.'] }
    return { status: body === null ? 404 : status, body: JSON.stringify(body) }
  })
  const requests = (): Request[] =>
    received.flatMap(({ method, path, body }): Request[] => {
      const { pathname, searchParams } = new URL(path, url)
      if (method !== 'GET') return [{ method, path: pathname.slice(API.length), body: JSON.parse(body) }]
      const jql = searchParams.get('jql')
      return jql === null ? [] : [{ jql }]
    })
  const asked = (): string[] => received.map(({ method, path }) => `${method} ${path.slice(API.length)}`)
  return { url, requests, asked }
}

const OPTIONS = { jira_project: 'OPS', jira_issuetype: 'Bug', jira_account_file: 'robot.yaml' }

function alerterOf(t: TestContext, options: Values): Alerter {
  const directory = folder(t, { 'robot.yaml': 'user: robot\npassword: secret\n' })
  const all = { name: 'gateway down', ...OPTIONS, ...options }
  const alerter = createAlerter('jira', all, { log: undefined as never, language, folder: directory })
  assert.ok(alerter !== undefined)
  return alerter
}

function notificationFor(
  t: TestContext,
  options: Values,
  events: readonly Values[],
  account: string
): Notification {
  const [rule] = rules(
    t,
    JSON.stringify({
      name: 'gateway down',
      ...{
        type: 'any',
        index: 'x',
        realert: { minutes: 0 },
        alert: 'jira',
        jira_server: 'http://jira.example'
      },
      ...(events.length > 1 ? { aggregation: { minutes: 5 } } : {}),
      ...OPTIONS,
      ...options,
      jira_account_file: account
    })
  )
  assert.ok(rule !== undefined)
  const found: Match[] = []
  const evaluator = new Evaluator([rule])
  const out = {
    match: (match: Match) => found.push(match),
    badLine: (_: number, line: unknown, reason: unknown) => assert.fail(`${line}: ${reason}`)
  }
  evaluator.process(Buffer.from(events.map(event => `${JSON.stringify(event)}\n`).join('')), out)
  evaluator.finish(out)
  assert.equal(found.length, 1)
  return notificationOf(found[0]!, rule.alerters[0]!.options, 'jira')
}

const DAY_MS = 86_400_000

/** When ElastAlert was asked: its query names the day that lies as far back as the oldest ticket that counts. */
function timeOf(requests: readonly Request[], options: Values): number {
  const jql =
    requests.flatMap(request => ('jql' in request ? request.jql : []))[0] ?? 'created >= "2026-11-24"'
  const day = /created >= "([\d-]+)"/.exec(jql)?.[1]
  return Date.parse(`${day}T12:00:00Z`) + Number(options.jira_max_age ?? 30) * DAY_MS
}

interface Case {
  options: Values
  matches: Values[]
  server: 'cloud' | 'server'
  issues: string[]
  requests: Request[]
}

const cases: Case[] = readFileSync(new URL('elastalert-jira.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

for (const [i, { options, matches, server, issues, requests: theirs }] of cases.entries()) {
  test(`Jira is asked what ElastAlert asks it (${i + 1}, ${Object.keys(options).join(' ')})`, async t => {
    t.mock.timers.enable({ apis: ['Date'], now: timeOf(theirs, options) })
    const { url, requests } = await jira(t, { server, issues })
    const directory = folder(t, { 'robot.yaml': 'user: robot\npassword: secret\n' })
    const events = matches.map(({ num_hits, num_matches, ...event }) => event)
    const told = notificationFor(t, options, events, path.join(directory, 'robot.yaml'))
    await alerterOf(t, { ...options, jira_server: `${url}/` }).send(told, never)
    assert.deepEqual(requests(), theirs)
  })
}

const ALERT: Notification = notification('gateway down', {
  rule: 'gateway down',
  text: 'It is down.\n',
  match: { gateway: 'paytm' },
  parts: [{ time: '2026-11-24 10:00 UTC', text: 'It is down.\n' }]
})
const BUMPED = { jira_bump_tickets: true }

test('what Jira does not answer is asked again, and a ticket that was made is not made again', async t => {
  const refuses: Record<string, number> = { 'POST issue/OPS-1/watchers': 503, 'GET field': 503 }
  const { url, requests, asked } = await jira(t, { refuses })
  const alerter = alerterOf(t, {
    ...{ jira_server: url, jira_impact: 'high', jira_assignee: 'anna', jira_watchers: 'anna' }
  })
  await assert.rejects(alerter.send(ALERT, never), /status 503/)
  assert.deepEqual(requests(), [])
  delete refuses['GET field']
  await assert.rejects(alerter.send(ALERT, never), /status 503/)
  delete refuses['POST issue/OPS-1/watchers']
  await alerter.send(ALERT, never)
  const changes = asked().filter(one => !one.startsWith('GET'))
  const watch = 'POST issue/OPS-1/watchers'
  assert.deepEqual(changes, ['POST issue', 'PUT issue/OPS-1/assignee', watch, watch])
})

test('comments that were made are not made again', async t => {
  const refuses = { 'POST issue/OPS-3/comment': 429 }
  const { url, asked } = await jira(t, { issues: ['OPS-3'], refuses })
  const alerter = alerterOf(t, { jira_server: url, ...BUMPED, jira_transition_to: 'Reopen' })
  await assert.rejects(alerter.send(ALERT, never), /status 429/)
  refuses['POST issue/OPS-3/comment'] = 200
  await alerter.send(ALERT, never)
  const of = (what: string): number => asked().filter(one => one.startsWith(what)).length
  assert.deepEqual(
    [of('GET search'), of('POST issue/OPS-3/comment'), of('POST issue/OPS-3/trans')],
    [1, 2, 1]
  )
})

test('what cannot be done beside the ticket is told, and the rest is done', async t => {
  const { url, asked } = await jira(t, { refuses: { 'PUT issue/OPS-1/assignee': 400 } })
  const options = { jira_assignee: 'anna', jira_watchers: '5b11', jira_priority: 7 }
  const sent = alerterOf(t, { jira_server: url, ...options }).send(ALERT, never)
  await assert.rejects(sent, (error: Error) => {
    assert.ok(error instanceof Refused)
    assert.match(
      error.message,
      /^OPS-1 is told of it, but not all is done: jira_priority is one of 0 to 2, not 7; .*status 400/
    )
    return true
  })
  assert.ok(asked().includes('POST issue/OPS-1/watchers'))
})

test('a transition that the ticket has not is named with those that it has', async t => {
  const { url } = await jira(t, { issues: ['OPS-3'] })
  const alerter = alerterOf(t, { jira_server: url, ...BUMPED, jira_transition_to: 'Open again' })
  await assert.rejects(
    alerter.send(ALERT, never),
    /no transition is named Open again: there are To Do, Reopen/
  )
})

test('where Jira cannot look for a ticket one is made', async t => {
  const { url, asked } = await jira(t, { refuses: { 'GET search/jql': 400 } })
  await alerterOf(t, { jira_server: url, ...BUMPED }).send(ALERT, never)
  assert.equal(asked().at(-1), 'POST issue')
})

test("servers of one's own are searched by their own request", async t => {
  const { url, asked, requests } = await jira(t, { server: 'server', issues: ['OPS-3'] })
  await alerterOf(t, { jira_server: url, ...BUMPED, alert_subject: 'x' }).send(
    { ...ALERT, subject: 'the "new" gateway' },
    never
  )
  assert.ok(asked().some(one => one.startsWith('GET search?')))
  assert.match(JSON.stringify(requests()[0]), /summary~\\"the \\\\\\"new\\\\\\" gateway\\"/)
})

test('that a condition has cleared is a comment on its ticket, and none is made for it', async t => {
  const resolved: Notification = { ...ALERT, state: 'resolved', text: 'Resolved at 10:05.\n\nIt is down.\n' }
  for (const issues of [['OPS-3'], []]) {
    const { url, requests } = await jira(t, { issues })
    await alerterOf(t, { jira_server: url }).send(resolved, never)
    assert.match(JSON.stringify(requests()[0]), /summary~\\"ElastAlert: gateway down\\"/)
    const comment = { method: 'POST', path: 'issue/OPS-3/comment', body: { body: resolved.text } }
    assert.deepEqual(requests().slice(1), issues.length === 0 ? [] : [comment])
  }
})

test('fields that Jira has not, or that cannot be set so, are named', async t => {
  const { url, asked } = await jira(t)
  const wrong: [string, unknown, RegExp][] = [
    ['jira_no_such', 1, /^jira_no_such: Jira has no field of this name/],
    ['jira_images', 'x', /^jira_images: Jira does not say how/],
    ['jira_lost_amount', 'much', /^jira_lost_amount is a number for Jira, not "much"/],
    ['jira_lost_amount', '#nothing', /^jira_lost_amount is a number for Jira, not null/]
  ]
  for (const [name, value, message] of wrong) {
    const sent = alerterOf(t, { jira_server: url, [name]: value }).send(ALERT, never)
    await assert.rejects(sent, error => error instanceof Refused && message.test(error.message))
  }
  assert.ok(!asked().includes('POST issue'))
})

test('a summary has one line and 255 characters at most, a description 32767: Jira refuses others', async t => {
  const { url, requests } = await jira(t)
  const told = { ...ALERT, subject: `first\n  second ${'x'.repeat(300)}`, text: 'y'.repeat(40_000) }
  await alerterOf(t, { jira_server: url, alert_subject: 'x' }).send(told, never)
  const [issue] = requests() as { body: { fields: { summary: string; description: string } } }[]
  const { summary = '', description = '' } = issue?.body.fields ?? {}
  assert.match(summary, /^first second x+…$/)
  assert.equal(summary.length, 255)
  assert.ok(description.length === 32_767 && description.endsWith('y\n… (cut)'))
})

test('a key of the account goes as a token', async t => {
  const { url, received } = await localReceiver(t, () => ({ status: 200, body: '{"key":"OPS-1"}' }))
  const directory = folder(t, { 'robot.yaml': 'apikey: k1\n' })
  const options = { name: 'r', ...OPTIONS, jira_server: url }
  const alerter = createAlerter('jira', options, { log: undefined as never, language, folder: directory })
  await alerter?.send(ALERT, never)
  assert.equal(received[0]?.headers.authorization, 'Bearer k1')
})

test('what answers and is no Jira is named', async t => {
  const { url } = await localReceiver(t, () => ({ status: 200, body: '<html>' }))
  const sent = alerterOf(t, { jira_server: url }).send(ALERT, never)
  await assert.rejects(sent, /answers \/issue with what is no JSON: is jira_server the address of a Jira\?/)
})

test('a dry run shows the ticket without asking Jira', async t => {
  const options = { jira_server: 'http://jira.example/x', jira_impact: '#gateway' }
  assert.match(
    alerterOf(t, options).describe(ALERT),
    /^POST http:\/\/jira.example \{"fields":.*"jira_impact":"paytm"/
  )
})
