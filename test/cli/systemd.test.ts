import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'

const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0
const skip = !(has('systemd-notify') && has('python3')) && 'needs systemd-notify and python3'

/** In place of systemd: a datagram socket (sd_notify(3)), which prints what it is sent as lines. Node has none on paths. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`

/** Starts the sample tool under a receiver; gives what was received once it matches. */
async function notified(t: TestContext, env: NodeJS.ProcessEnv) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-notify-'))
  const path = join(folder, 'socket')
  const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  receiver.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await once(receiver.stdout, 'data')
    return text
  }
  await until(/bound/)
  const tool = spawn(process.execPath, [resolve(import.meta.dirname, 'sample-tool.ts'), 'wait'], {
    stdio: 'ignore',
    env: { ...process.env, NOTIFY_SOCKET: path, ...env }
  })
  t.after(() => {
    tool.kill('SIGKILL')
    receiver.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  return { tool, until }
}

test('systemd is told when the tool is up and when it stops, by its own pid', {
  skip,
  timeout: 30_000
}, async t => {
  const { tool, until } = await notified(t, {})
  assert.match(await until(/READY=1/), new RegExp(`MAINPID=${tool.pid}\\b`))
  tool.kill('SIGTERM')
  assert.doesNotMatch(await until(/STOPPING=1/), /WATCHDOG/)
})

test('the watchdog is fed twice in its interval, where the unit asks for it', {
  skip,
  timeout: 30_000
}, async t => {
  const { until } = await notified(t, { WATCHDOG_USEC: '400000' })
  await until(/READY=1/)
  const started = performance.now()
  await until(/(?:WATCHDOG=1[\s\S]*){3}/)
  assert.ok(performance.now() - started < 5000)
})
