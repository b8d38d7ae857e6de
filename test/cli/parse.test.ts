import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { expandEnv, redactUrl } from '../../src/lib/cli/env.ts'
import type { CommandSpec } from '../../src/lib/cli/flags.ts'
import { parseArguments } from '../../src/lib/cli/parse.ts'

const flags = {
  out: { kind: 'string', short: 'o', arg: 'PORT', default: '-', help: 'where' },
  name: { kind: 'string', help: 'name' },
  quiet: { kind: 'boolean', short: 'q', help: 'quiet' },
  'no-tombstones': { kind: 'boolean', help: 'no tombstones' },
  snapshot: { kind: 'choice', choices: ['initial', 'never'], default: 'initial', help: 'snapshot' },
  tables: { kind: 'list', help: 'tables' },
  rules: { kind: 'strings', short: 'r', help: 'rules' },
  'server-id': { kind: 'integer', help: 'id' },
  'mark-every': { kind: 'duration', default: 1000, help: 'marks' },
  'max-line': { kind: 'bytes', default: 1024, help: 'line' },
  config: { kind: 'string', help: 'config' }
} as const

const spec = {
  name: 'tool',
  summary: 'do it',
  synopsis: ['URL [FILE...]'],
  description: [],
  operands: [
    { name: 'URL', required: true, help: 'the server' },
    { name: 'FILE', many: true, help: 'more' }
  ],
  flags,
  examples: []
} as const satisfies CommandSpec

const parse = (...argv: string[]): ReturnType<typeof parseArguments<typeof flags>> =>
  parseArguments(spec, argv)

/** Message and hint of what parsing refuses. */
function refusal(...argv: string[]): string {
  try {
    parse(...argv)
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string }
    assert.equal(code, 'USAGE', message)
    return hint === undefined ? message : `${message} | ${hint}`
  }
  throw new Error(`${argv.join(' ')} was taken`)
}

test('what is not given has its default: lists are empty, booleans false, others undefined', () => {
  assert.deepEqual(parse('url'), {
    operands: ['url'],
    flags: {
      out: '-',
      name: undefined,
      quiet: false,
      noTombstones: false,
      snapshot: 'initial',
      tables: [],
      rules: [],
      serverId: undefined,
      markEvery: 1000,
      maxLine: 1024,
      config: undefined
    }
  })
})

test('each kind of flag gives its value, by long name, with = and by letter', () => {
  const { flags, operands } = parse(
    ...['-q', '-o', 'a', 'url', '--name=x', '--snapshot', 'never', '--tables', 'a, b,,c', '--tables=d'],
    ...[
      '--rules',
      'x,y',
      '-r',
      'z',
      '--server-id',
      '7',
      '--mark-every',
      '2m',
      '--max-line=1M',
      'file',
      '--no-tombstones'
    ]
  )
  assert.deepEqual(operands, ['url', 'file'])
  assert.deepEqual(flags, {
    out: 'a',
    name: 'x',
    quiet: true,
    noTombstones: true,
    snapshot: 'never',
    tables: ['a', 'b', 'c', 'd'],
    rules: ['x,y', 'z'],
    serverId: 7,
    markEvery: 120_000,
    maxLine: 1024 ** 2,
    config: undefined
  })
})

test('a flag that stands for a choice alone takes another one behind it', () => {
  const explain = { kind: 'choice', choices: ['plan', 'flink'], alone: 'plan', help: 'explain' } as const
  const explained = (...argv: string[]): unknown =>
    parseArguments({ ...spec, operands: [], flags: { explain, quiet: flags.quiet } }, argv).flags.explain
  assert.deepEqual(
    [explained(), explained('--explain'), explained('--explain', '-q'), explained('--explain', 'flink')],
    [undefined, 'plan', 'plan', 'flink']
  )
  assert.throws(() => explained('--explain=flunk'), /'flunk' is not one of plan, flink/)
})

test('behind -- everything is an operand, and - is one too', () => {
  assert.deepEqual(parse('url', '--', '--quiet', '-x').operands, ['url', '--quiet', '-x'])
  assert.deepEqual(parse('-').operands, ['-'])
})

test('what cannot be read is refused with what to write', () => {
  const usage = 'usage: tool URL [FILE...]; all flags: tool --help'
  for (const [argv, message] of [
    [['url', '--tabels', 'a'], `unknown flag --tabels (did you mean --tables?) | ${usage}`],
    [['url', '--password', 'a'], `unknown flag --password | ${usage}`],
    [['url', '-z'], `unknown flag -z | ${usage}`],
    [['url', '--tombstones'], `unknown flag --tombstones (did you mean --no-tombstones?) | ${usage}`],
    [['url', '--name'], `flag --name <value> needs its value | ${usage}`],
    [['url', '--snapshot', 'nevr'], "--snapshot: 'nevr' is not one of initial, never | did you mean never?"],
    [['url', '--snapshot', 'x'], "--snapshot: 'x' is not one of initial, never"],
    [['url', '--server-id', 'x'], "--server-id: 'x' is not a whole number"],
    [['url', '--mark-every', 'x'], "--mark-every: 'x' is not a duration (write 500ms, 30s, 15m, 2h or 1d)"],
    [['url', '--max-line', 'x'], "--max-line: 'x' is not a size (write 65536, 64k, 16M or 1G)"],
    [[], `URL is missing: the server | ${usage}`]
  ] as [string[], string][]) {
    assert.equal(refusal(...argv), message)
  }
  const single = { ...spec, operands: [spec.operands[0]] }
  assert.throws(() => parseArguments(single, ['url', 'more']), { message: "unexpected argument 'more'" })
})

test('${VAR} is read from the environment, in flags and in operands', t => {
  process.env.MILLRACE_TEST_SECRET = 'a$&b'
  t.after(() => delete process.env.MILLRACE_TEST_SECRET)
  const { operands, flags } = parse(
    'mysql://u:${MILLRACE_TEST_SECRET}@db/',
    '--name',
    '<${MILLRACE_TEST_SECRET}>'
  )
  assert.deepEqual([operands, flags.name], [['mysql://u:a$&b@db/'], '<a$&b>'])
  assert.equal(
    refusal('mysql://u:${MILLRACE_TEST_NONE}@db/'),
    'URL: ${MILLRACE_TEST_NONE} is not set in the environment | export MILLRACE_TEST_NONE=… first'
  )
  assert.match(refusal('url', '--name', '${MILLRACE_TEST_NONE}'), /^--name: /)
  assert.equal(expandEnv('{field} $HOME ${1} $', 'x', {}), '{field} $HOME ${1} $')
})

test('a password never stands in a message', () => {
  assert.equal(redactUrl('mysql://user:secret@host/db'), 'mysql://user:***@host/db')
  assert.equal(redactUrl('mysql://user:se:cr@et@host/db'), 'mysql://user:***@host/db')
  assert.equal(redactUrl('http://user:a/b@host:9200/x'), 'http://user:***@host:9200/x')
  for (const url of ['mysql://user@host/db', 'http://host:9200/a:b@c', 'file'])
    assert.equal(redactUrl(url), url)
})

// --- --config ---

function config(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'flags.yaml')
  writeFileSync(file, text)
  return file
}

/** The refusal of a configuration, with its folder left out. */
const configRefusal = (t: TestContext, text: string): string =>
  refusal('--config', config(t, text)).replace(/\S*\/(?=flags\.yaml)/, '')

test('a configuration file gives flags and operands; the command line wins', t => {
  const file = config(
    t,
    `
# all kinds
url: mysql://u@db/
file: [a, b]
out: there
quiet: true
no-tombstones: true
snapshot: never
tables: [a, b]
rules: x,y
server_id: 7
mark-every: 2m
max-line: 64k
`
  )
  const { flags, operands } = parse('--config', file, '--out', 'here', '--tables', 'c')
  assert.deepEqual(operands, ['mysql://u@db/', 'a', 'b'])
  assert.deepEqual(
    { ...flags, config: '' },
    {
      out: 'here',
      name: undefined,
      quiet: true,
      noTombstones: true,
      snapshot: 'never',
      tables: ['c'],
      rules: ['x,y'],
      serverId: 7,
      markEvery: 120_000,
      maxLine: 65_536,
      config: ''
    }
  )
  assert.deepEqual(parse('other', '--config', file).operands, ['other'])
})

test('an operand of a configuration stands at its own place, wherever it is written', t => {
  assert.deepEqual(parse('--config', config(t, 'file: a\nurl: u')).operands, ['u', 'a'])
})

test('JSON is a configuration too, and one with comments alone sets nothing', t => {
  assert.equal(parse('url', '--config', config(t, '{"name": "x", "tables": "a,b"}')).flags.name, 'x')
  assert.equal(parse('url', '--config', config(t, '# name: x\n')).flags.name, undefined)
})

test('what is wrong in a configuration is named with file, line and column', t => {
  for (const [text, message] of [
    ['name: x\ntabels: a', "flags.yaml:2:1: tool has no flag 'tabels' (did you mean tables?)"],
    [
      'name: x\nmark-every: soon',
      "flags.yaml:2:13: --mark-every: 'soon' is not a duration (write 500ms, 30s, 15m, 2h or 1d)"
    ],
    [
      'snapshot: nevr',
      "flags.yaml:1:11: --snapshot: 'nevr' is not one of initial, never | did you mean never?"
    ],
    ['quiet: maybe', 'flags.yaml:1:8: quiet is true or false'],
    ['name:\nout: x', 'flags.yaml:1:1: name has no value'],
    ['name: {a: 1}', 'flags.yaml:1:7: name has no value that a flag can take'],
    ['name: [a, b]', 'flags.yaml:1:7: name takes one value'],
    [
      'name: ${MILLRACE_TEST_NONE}',
      'flags.yaml:1:7: --name: ${MILLRACE_TEST_NONE} is not set in the environment | export MILLRACE_TEST_NONE=… first'
    ],
    ['- a\n- b', "flags.yaml: expected a mapping of flags, as in 'tables: a,b'"]
  ] as [string, string][]) {
    assert.equal(configRefusal(t, text), message)
  }
  assert.match(configRefusal(t, 'name: [a\nout: x'), /^flags\.yaml:2:\d+: /)
  assert.match(refusal('--config', '/nonexistent/flags.yaml'), /^--config \/nonexistent\/flags.yaml: ENOENT/)
})

test("another tool's configuration is adapted first", t => {
  const adapted = {
    ...spec,
    adaptConfig: (content: Readonly<Record<string, unknown>>) => ({ rules: content.rules_folder })
  }
  const file = config(t, 'rules_folder: there\nes_host: localhost')
  assert.deepEqual(parseArguments(adapted, ['url', '--config', file]).flags.rules, ['there'])
})
