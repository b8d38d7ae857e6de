import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { bash, runSample, sample, startSample } from './sample.ts'
import { runTool, toolNames } from './tools.ts'

test('each kind of failure has its exit code, and is one clear line', () => {
  for (const [action, status] of [
    ['input', 1],
    ['data', 1],
    ['state', 1],
    ['output', 1],
    ['server', 3],
    ['threshold', 4]
  ] as const) {
    assert.deepEqual(runSample([action]), { status, stdout: '', stderr: 'sample: what is wrong\n' }, action)
  }
})

test('a hint stands on a line of its own', () => {
  assert.deepEqual(runSample(['usage']), {
    status: 2,
    stdout: '',
    stderr: 'sample: --tables: no such table\n  look at --help\n'
  })
})

test('a system error is one line, without a stack', () => {
  const { status, stderr } = runSample(['errno'])
  assert.equal(status, 1)
  assert.match(stderr, /^sample: ENOENT: no such file or directory, open '\/nonexistent\/file'\n$/)
})

test('a bug of ours shows its stack, and ends with 1', () => {
  const { status, stderr } = runSample(['bug'])
  assert.equal(status, 1)
  assert.match(stderr, /^sample: internal error: TypeError: x is not a function\n +at /)
})

test('what a failure leaves open does not keep the process', () => {
  const started = performance.now()
  assert.equal(runSample(['leak']).status, 3)
  assert.ok(performance.now() - started < 10_000)
})

test('messages go to stderr: plain lines, warnings named as such, without colour off a terminal', () => {
  assert.deepEqual(runSample(['done']), {
    status: 0,
    stdout: '',
    stderr: 'sample: hello\nsample: warning: careful\n'
  })
})

test('--quiet leaves warnings and errors', () => {
  assert.equal(runSample(['done', '--quiet']).stderr, 'sample: warning: careful\n')
  assert.equal(runSample(['usage', '-q']).stderr, 'sample: --tables: no such table\n  look at --help\n')
})

test('--log json writes one object a line, with time, level, tool and code', () => {
  const lines = (args: string[]): Record<string, unknown>[] =>
    runSample([...args, '--log', 'json'])
      .stderr.trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
  for (const { time } of lines(['done'])) assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000)
  assert.deepEqual(
    lines(['done']).map(({ time, ...rest }) => rest),
    [
      { level: 'info', tool: 'sample', message: 'hello' },
      { level: 'warn', tool: 'sample', message: 'careful', lines: 3 }
    ]
  )
  const [failure] = lines(['usage'])
  assert.equal(failure?.level, 'error')
  assert.equal(failure?.code, 'USAGE')
  assert.equal(failure?.message, '--tables: no such table\n  look at --help')
})

const hasScript = bash('script --version').status === 0

/** What a person sees on a terminal of 60 columns. */
const onTerminal = (command: string): string =>
  bash(`script -qec "stty cols 60; ${command.replaceAll('"', "'")}" /dev/null </dev/null`).stdout

test('on a terminal a progress line is rewritten in place, and messages stand above it', {
  skip: !hasScript
}, () => {
  const text = onTerminal(`${sample} progress`)
  const progress = text.split('\r').filter(part => part.includes('working'))
  assert.ok(progress.length >= 2, JSON.stringify(text))
  for (const part of progress) {
    // The first part is the command that clears the line.
    assert.ok(part.startsWith('\x1b[Ksample: working'))
    assert.ok(part.length - '\x1b[K'.length < 60)
  }
  assert.match(text, /\r\x1b\[Ksample: a message\r\n/)
  assert.match(text, /\r\x1b\[K$/)
})

test('off a terminal, with --quiet or --log json there is no progress line', { skip: !hasScript }, () => {
  assert.equal(runSample(['progress']).stderr, 'sample: a message\n')
  assert.doesNotMatch(onTerminal(`${sample} progress --quiet`), /working/)
  assert.doesNotMatch(onTerminal(`${sample} progress --log json`), /working|\x1b/)
})

test('errors are coloured on a terminal, unless NO_COLOR is set', { skip: !hasScript }, () => {
  assert.match(
    onTerminal(`env -u NO_COLOR -u CI -u FORCE_COLOR TERM=xterm ${sample} server`),
    /\x1b\[31msample:\x1b\[39m what is wrong/
  )
  assert.match(onTerminal(`env NO_COLOR=1 ${sample} server`), /^sample: what is wrong/)
})

test('a reader that closes the pipe ends the tool with 0', () => {
  const { stdout, stderr } = bash(`${sample} write | head -n 1; echo "status \${PIPESTATUS[0]}"`)
  assert.deepEqual([stdout, stderr], ['line 0\nstatus 0\n', ''])
})

test('a server that closes its connection is no reader that has enough', () => {
  assert.deepEqual(runSample(['lost-connection']), { status: 1, stdout: '', stderr: 'sample: write EPIPE\n' })
})

test('help for a reader that has gone ends with 0, too', () => {
  const command = `{ sleep 0.2; ${sample} --help; echo "status $?" >&2; } | true`
  assert.deepEqual(bash(command).stderr, 'status 0\n')
})

test('a closed stderr does not disturb the work', () => {
  const { status, stdout } = bash(`${sample} write 2>&- | tail -n 1`)
  assert.deepEqual([status, stdout], [0, 'line 99999\n'])
})

test('SIGTERM and SIGINT let the tool finish, and it ends with 0', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child } = await startSample(t, ['finish'], /up/)
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text
    })
    child.kill(signal)
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.equal(stdout, 'last mark\n')
  }
})

test('a signal ends a tool with 0 that has not begun, waiting for its server or still starting', async t => {
  for (const action of ['connecting', 'starting']) {
    const { child } = await startSample(t, [action], /up/)
    const from = performance.now()
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null], action)
    assert.ok(performance.now() - from < 8000)
  }
})

test('a second signal ends it at once, with the status of a process that died from it', async t => {
  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130]
  ] as const) {
    const { child } = await startSample(t, ['ignore'], /up/)
    child.kill(signal)
    await new Promise(resolve => setTimeout(resolve, 300))
    assert.equal(child.exitCode, null)
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [status, null])
  }
})

test('a tool that does not get done after a signal gives up after ten seconds, and says so', async t => {
  const { child } = await startSample(t, ['ignore'], /up/)
  let stderr = ''
  child.stderr.on('data', text => {
    stderr += text
  })
  const started = performance.now()
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'close'), [1, null])
  assert.ok(performance.now() - started > 9000)
  assert.match(stderr, /still busy 10 s after SIGTERM: gives up; what is not acknowledged comes again/)
})

test('every tool names an unknown flag, with the nearest one, and ends with 2', () => {
  for (const tool of toolNames) {
    const { status, stdout, stderr } = runTool(tool, ['--matrics', '9090'])
    assert.deepEqual([status, stdout], [2, ''], tool)
    assert.match(
      stderr,
      new RegExp(`^${tool}: unknown flag --matrics \\(did you mean --metrics\\?\\)\n {2}usage: ${tool} `)
    )
  }
})
