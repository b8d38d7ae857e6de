/** A tool whose operand says how it goes: every way for a run to end, and nothing else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandSpec, commonFlags, runTool, ToolError, usageError } from '../../src/lib/cli/index.ts'

const spec = {
  name: 'sample',
  summary: 'end in many ways',
  synopsis: ['ACTION [FLAG...]'],
  description: [],
  operands: [{ name: 'ACTION', required: true, help: 'how to end' }],
  flags: commonFlags,
  examples: []
} as const satisfies CommandSpec

await runTool<typeof commonFlags>(spec, async ({ operands, log, stop, ready }) => {
  let reads = 0
  if (operands[0] === 'connecting') {
    log.info('up')
    while (!stop.aborted) await sleep(10)
    throw new ToolError('SERVER', 'never there')
  }
  if (operands[0] === 'starting') {
    log.info('up')
    await sleep(60_000)
  }
  await ready([
    { name: 'reads_total', help: 'Reads of this', kind: 'counter', read: () => ++reads },
    {
      name: 'lag_seconds',
      help: 'Lag',
      kind: 'gauge',
      read: () => (operands[0] === 'broken-metric' ? (undefined as unknown as number) : 1.5)
    }
  ])
  switch (operands[0]) {
    case 'done':
      log.info('hello')
      log.warn('careful', { lines: 3 })
      return 0
    case 'usage':
      throw usageError('--tables: no such table', 'look at --help')
    case 'input':
    case 'data':
    case 'state':
    case 'output':
    case 'server':
    case 'threshold':
      throw new ToolError(operands[0].toUpperCase() as 'INPUT', 'what is wrong', {
        cause: new Error('cause')
      })
    case 'errno':
      await import('node:fs/promises').then(fs => fs.readFile('/nonexistent/file'))
      return 0
    case 'bug':
      throw new TypeError('x is not a function')
    case 'lost-connection':
      throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })
    case 'leak':
      // A timer that nobody stops must not keep the process.
      setInterval(() => {}, 1000)
      throw new ToolError('SERVER', 'gone')
    case 'write':
      for (let i = 0; i < 100_000; i++) {
        await new Promise<void>((resolve, reject) => {
          process.stdout.write(`line ${i}\n`, error => (error ? reject(error) : resolve()))
        })
      }
      return 0
    case 'progress':
      log.progress(() => `${'working '.repeat(30)}`)
      await sleep(400)
      log.info('a message')
      await sleep(400)
      return 0
    case 'finish':
      log.info('up')
      while (!stop.aborted) await sleep(10)
      await sleep(100)
      process.stdout.write('last mark\n')
      return 0
    case 'ignore':
      log.info('up')
      await sleep(60_000)
      return 0
    default:
      log.info('up')
      while (!stop.aborted) await sleep(10)
      return 0
  }
})
