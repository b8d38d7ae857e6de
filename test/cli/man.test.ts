import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { differences, manFolder, toolSpecs } from '../../scripts/docs.ts'
import type { CommandSpec } from '../../src/lib/cli/flags.ts'
import { formatMan } from '../../src/lib/cli/man.ts'
import { root, toolNames } from './tools.ts'

const specs = await toolSpecs()

function copy(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-man-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(manFolder, folder, { recursive: true })
  return folder
}

test('every tool has a committed man page that equals its declaration: npm run docs writes them', () => {
  assert.deepEqual([...specs.keys()], toolNames)
  assert.deepEqual([...differences(manFolder, specs).keys()], [])
})

test('a page that differs, one that is missing and one of no tool are noticed', t => {
  const folder = copy(t)
  const page = join(folder, 'cdc-tail.1')
  writeFileSync(page, `${readFileSync(page, 'utf8')}.\n`)
  assert.deepEqual([...differences(folder, specs).keys()], ['cdc-tail.1'])
  rmSync(page)
  assert.deepEqual([...differences(folder, specs).keys()], ['cdc-tail.1'])
  writeFileSync(join(folder, 'old-tool.1'), '')
  assert.deepEqual(differences(folder, specs).get('old-tool.1'), null)
})

test('docs --check ends with 0 when all pages are right', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/docs.ts'), '--check'], {
    encoding: 'utf8'
  })
  assert.deepEqual([status, stderr], [0, ''])
})

const hasGroff = spawnSync('groff', ['--version']).status === 0

/** The page as a terminal shows it, without bold and underline. */
function rendered(page: string): { text: string; warnings: string } {
  const { stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-c', '-rLL=78n'], {
    input: page,
    encoding: 'utf8'
  })
  return { text: stdout.replace(/.\x08/gu, ''), warnings: stderr }
}

test('groff renders every page without a warning, and shows each flag as it is typed', {
  skip: !hasGroff
}, () => {
  for (const [tool, spec] of specs) {
    const { text, warnings } = rendered(readFileSync(join(manFolder, `${tool}.1`), 'utf8'))
    assert.equal(warnings, '', tool)
    for (const name of Object.keys(spec.flags)) assert.match(text, new RegExp(`^ +(-., )?--${name}\\b`, 'm'))
    for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'EXAMPLES']) {
      assert.match(text, new RegExp(`^${section}$`, 'm'))
    }
  }
})

test('what is special to roff comes out as it was written, ready to be pasted', { skip: !hasGroff }, () => {
  const code = `.dot 'quoted' "double" \`tick\` ^caret ~tilde a\\b --flag {x}`
  const spec: CommandSpec = {
    name: 'tool',
    summary: 'do it - all',
    synopsis: ['[FLAG...]'],
    description: ['First … with Zoë.', "'Quoted at the start.\n.And a dot.", "    SELECT 'a'\n    FROM b"],
    flags: { out: { kind: 'string', arg: 'PORT', default: '-', help: "where it's written" } },
    examples: [{ text: 'an example', code }]
  }
  const { text, warnings } = rendered(formatMan(spec))
  assert.equal(warnings, '')
  assert.ok(text.includes(code), text)
  for (const line of [
    "'Quoted at the start.  .And a dot.",
    'First … with Zoë.',
    "Where it's written.",
    'Default: -.'
  ]) {
    assert.ok(text.includes(line), line)
  }
  assert.match(text, / {11}SELECT 'a'\n {11}FROM b\n/)
})

test('a page has neither date nor version, so that it changes only with the declaration', () => {
  for (const tool of toolNames) {
    const page = readFileSync(join(manFolder, `${tool}.1`), 'utf8')
    assert.match(page, new RegExp(`^\\.TH ${tool.toUpperCase()} 1 "" millrace "User Commands"\\n`))
    assert.ok(page.endsWith('\n'))
  }
})

const handwritten = readdirSync(manFolder).filter(file => !file.endsWith('.1'))

test('groff renders the pages that are written by hand without a warning', { skip: !hasGroff }, () => {
  assert.deepEqual(handwritten, ['millrace-scaling.7'])
  for (const file of handwritten) {
    const { text, warnings } = rendered(readFileSync(join(manFolder, file), 'utf8'))
    assert.equal(warnings, '', file)
    assert.match(text, /^SEE ALSO$/m)
    assert.ok(
      text.split('\n').every(line => line.length < 79),
      file
    )
  }
})

test('pages that are written by hand name tools and flags that there are, in commands that bash takes', () => {
  for (const file of handwritten) {
    const page = readFileSync(join(manFolder, file), 'utf8')
    const plain = page.replaceAll('\\-', '-').replaceAll('\\(aq', "'").replaceAll('\\e', '\\')
    const examples = [...plain.matchAll(/^\.nf\n\.RS 4\n(.*?)^\.RE\n\.fi$/gms)].map(([, code = '']) => code)
    assert.ok(examples.length > 0)
    for (const code of examples) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })
      assert.deepEqual([status, stderr], [0, ''], code)
      for (const command of code.replaceAll('\\\n', ' ').split(/\||\n\n/)) {
        const tool = command.trim().split(' ')[0] ?? ''
        const flags = specs.get(tool)?.flags ?? assert.fail(`${file}: ${tool}`)
        for (const [, name = ''] of command.matchAll(/ --([a-z-]+)/g))
          assert.ok(name in flags, `${tool} --${name}`)
      }
    }
    const known = new Set([...specs.values()].flatMap(({ flags }) => Object.keys(flags)))
    const others = plain.replaceAll(/kafka-consumer-groups( --\w+)+/g, '')
    for (const [, name = ''] of others.matchAll(/--([a-z-]+)/g))
      assert.ok(known.has(name), `${file}: --${name}`)
    for (const [, tool = ''] of plain.matchAll(/^\.BR (\S+) \(1\)/gm)) assert.ok(specs.has(tool), tool)
  }
})
