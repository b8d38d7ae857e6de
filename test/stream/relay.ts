/** A tool that passes its input on: what every stage of a pipe does, and nothing else. */
import { type CommandSpec, commonFlags, inputFlags, outputFlags, runTool } from '../../src/lib/cli/index.ts'
import {
  BadLines,
  eachLine,
  OutputWriter,
  openDeadLetters,
  openInput,
  openOutput,
  runStage
} from '../../src/lib/stream/index.ts'

const flags = {
  check: { kind: 'boolean', help: 'take JSON only' },
  ...inputFlags,
  ...outputFlags,
  ...commonFlags
} as const

const spec = {
  name: 'relay',
  summary: 'pass lines on',
  synopsis: ['[FLAG...]'],
  description: [],
  flags,
  examples: []
} as const satisfies CommandSpec

await runTool<typeof flags>(spec, async ({ flags, log, stop, ready }) => {
  const input = openInput(flags.in, { maxLine: flags.maxLine })
  const letters = await openDeadLetters(flags.deadLetter, {
    clientId: 'relay',
    retryFor: undefined,
    stop,
    warn: message => log.warn(message)
  })
  const badLines = new BadLines('relay', input.name, letters)
  const writer = new OutputWriter(openOutput(flags.out))
  let lines = 0
  await ready([{ name: 'lines_total', help: 'Lines passed on', kind: 'counter', read: () => lines }])
  await runStage(
    input,
    writer,
    {
      async begin(resume) {
        log.info(`begins with ${resume === null ? 'no resume' : `resume ${resume.n}`}`)
      },
      lines(part) {
        if (!flags.check) {
          writer.bytes.append(part.bytes)
          return
        }
        part.count = eachLine(part.bytes, (start, end, index) => {
          const line = part.bytes.subarray(start, end)
          try {
            JSON.parse(line.toString())
          } catch {
            badLines.rejectJson(part.firstLine + index, line)
            return
          }
          writer.bytes.append(line)
          writer.bytes.text('\n')
          lines++
        })
      },
      mark: async mark => log.info(`mark ${mark.n}`),
      end: async reason => log.info(`ends: ${reason}`)
    },
    stop
  )
  await badLines.close()
  await writer.output.close()
  return 0
})
