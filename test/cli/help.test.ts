import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { toolSpecs } from '../../scripts/docs.ts'
import { convertFlag } from '../../src/lib/cli/convert.ts'
import { type CommandSpec, flagUsage } from '../../src/lib/cli/flags.ts'
import { formatDefault, formatHelp, wrap, wrapCode } from '../../src/lib/cli/help.ts'
import { root, runTool, toolNames } from './tools.ts'

const specs = await toolSpecs()

/** Every tool and every subcommand, as they are called. */
const commands: [string, CommandSpec][] = [...specs].flatMap(([tool, spec]) => [
  [tool, spec] as [string, CommandSpec],
  ...(spec.subcommands ?? []).map(
    sub => [`${tool} ${sub.name}`, { ...sub, name: `${tool} ${sub.name}` }] as [string, CommandSpec]
  )
])

test('every command in bin/ has a declaration, and package.json installs it', () => {
  assert.deepEqual([...specs.keys()], toolNames)
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  assert.deepEqual(Object.keys(bin).sort(), toolNames)
  for (const [tool, spec] of specs) assert.equal(spec.name, tool)
})

test('help of every tool and subcommand is under 79 columns', () => {
  for (const [command, spec] of commands) {
    for (const line of formatHelp(spec).split('\n')) assert.ok(line.length < 79, `${command}: ${line}`)
  }
})

test('help names every flag with its value, its phrase and its default', () => {
  for (const [command, spec] of commands) {
    const help = formatHelp(spec)
    const text = help.replace(/\s+/g, ' ')
    for (const [name, flag] of Object.entries(spec.flags)) {
      assert.ok(text.includes(flagUsage(name, flag)), `${command} --${name}`)
      assert.ok(text.includes(flag.help), `${command} --${name}`)
      if (flag.default !== undefined)
        assert.ok(text.includes(`[${formatDefault(flag)}]`), `${command} --${name}`)
    }
  }
})

test('a phrase in help has no full stop, and a doc ends with one', () => {
  for (const [command, spec] of commands) {
    for (const [name, { help, doc }] of Object.entries(spec.flags)) {
      assert.doesNotMatch(help, /\.$/, `${command} --${name}`)
      if (doc !== undefined) assert.match(doc, /[.)]$/, `${command} --${name}`)
    }
  }
})

test('a default stands there as it would be typed', () => {
  for (const [command, spec] of commands) {
    for (const [name, flag] of Object.entries(spec.flags)) {
      if (flag.default === undefined) continue
      const text = formatDefault(flag)
      assert.equal(convertFlag(name, flag, text), flag.default, `${command} --${name}`)
      assert.doesNotMatch(text, /\s/, `${command} --${name}`)
    }
  }
})

test('the examples in help can be pasted: bash takes them, with their line breaks', () => {
  for (const [command, spec] of commands) {
    for (const { code } of spec.examples) {
      const shown = wrapCode(code).join('\n')
      const { status, stderr } = spawnSync('bash', ['-n'], { input: shown, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [0, ''], `${command}: ${shown}`)
      assert.equal(shown.replace(/ \\\n +/g, ' '), code)
    }
  }
})

test('the examples use flags that there are', () => {
  for (const [command, spec] of commands) {
    for (const { code } of spec.examples) {
      for (const stage of code.split(' | ')) {
        const [tool = '', sub] = stage.trim().split(' ')
        const known = new Map(commands)
        const flags =
          (known.get(`${tool} ${sub}`) ?? known.get(tool))?.flags ?? assert.fail(`${command}: ${tool}`)
        for (const [, name = ''] of stage.matchAll(/ --([a-z-]+)/g))
          assert.ok(name in flags, `${tool} --${name}`)
      }
    }
  }
})

test('text is broken at spaces only, and none of it is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
      fc.integer({ min: 12, max: 40 }),
      (words, width) => {
        const lines = wrap(words.join(' '), width)
        assert.ok(lines.every(line => line.length <= width))
        assert.equal(lines.join(' '), words.join(' '))
      }
    )
  )
})

test('-h and --help print the help on stdout with status 0, whatever else is wrong or missing', () => {
  for (const [command, spec] of commands) {
    const [tool = '', ...sub] = command.split(' ')
    const help = runTool(tool, [...sub, '--help'])
    assert.deepEqual([help.status, help.stdout, help.stderr], [0, formatHelp(spec), ''], command)
  }
  assert.equal(runTool('es-sink', ['--nonsense', '-h']).status, 0)
  assert.match(runTool('cdc-tail', ['forget', '-h']).stdout, /See man\s+cdc-tail\.\n$/)
})

test('help behind -- is an operand', () => {
  assert.equal(runTool('cdc-tail', ['forget', '--', '--help']).status, 2)
})
