import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { toolSpecs } from '../../scripts/docs.ts'
import { formatCompletion, type Shell } from '../../src/lib/cli/completion.ts'
import { runTool } from './tools.ts'

const specs = await toolSpecs()

function hasShell(shell: Shell): boolean {
  return spawnSync(shell, ['--version']).status === 0
}

/** A folder to complete file names in. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-completion-'))
  t.after(() => rmSync(path, { recursive: true }))
  for (const file of ['rules one.yaml', 'rules-two.yaml', 'other']) writeFileSync(join(path, file), '')
  mkdirSync(join(path, 'run'))
  return path
}

/** What bash offers for the last of these words. */
function bashOffers(tool: string, words: readonly string[], cwd: string): string[] {
  const spec = specs.get(tool)
  assert.ok(spec !== undefined)
  const fn = `_${tool.replaceAll('-', '_')}`
  const script = `${formatCompletion(spec, 'bash')}
    complete -p ${tool} >/dev/null || exit 1
    COMP_WORDS=(${[tool, ...words].map(word => `'${word}'`).join(' ')}) COMP_CWORD=${words.length}
    ${fn}
    ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"
    exit 0`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-uc', script], { cwd, encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .sort()
}

test('bash offers every flag, and those that begin with what was typed', t => {
  const cwd = folder(t)
  for (const [tool, spec] of specs) {
    const all = Object.keys(spec.flags).map(name => `--${name}`)
    assert.deepEqual(bashOffers(tool, ['--'], cwd), all.sort())
  }
  assert.deepEqual(bashOffers('cdc-tail', ['--st'], cwd), ['--start', '--state', '--stop-at'].sort())
})

test('bash offers the choices of a flag, files or folders where they belong, else nothing', t => {
  const cwd = folder(t)
  assert.deepEqual(bashOffers('cdc-tail', ['--snapshot', ''], cwd), [
    'initial',
    'never',
    'only',
    'schema-only',
    'when-needed'
  ])
  assert.deepEqual(bashOffers('cdc-tail', ['--snapshot', '=', 'n'], cwd), ['never'])
  assert.deepEqual(bashOffers('cdc-tail', ['--snapshot', '='], cwd), [
    'initial',
    'never',
    'only',
    'schema-only',
    'when-needed'
  ])
  assert.deepEqual(bashOffers('cdc-tail', ['--state', ''], cwd), ['run'])
  assert.deepEqual(bashOffers('alert-eval', ['-r', 'rules'], cwd), ['rules one.yaml', 'rules-two.yaml'])
  assert.deepEqual(bashOffers('cdc-tail', ['--mark-every', ''], cwd), [])
  assert.deepEqual(bashOffers('es-sink', ['--quiet', 'o'], cwd), ['other'])
})

test('bash offers subcommands as the first word', t => {
  const cwd = folder(t)
  assert.deepEqual(bashOffers('cdc-tail', ['f'], cwd), ['forget'])
  assert.deepEqual(bashOffers('cdc-tail', ['mysql://u@db', 'f'], cwd), [])
})

test('zsh takes the scripts and knows the flags', { skip: !hasShell('zsh') && 'no zsh here' }, () => {
  for (const [tool, spec] of specs) {
    const script = formatCompletion(spec, 'zsh')
    assert.match(script, new RegExp(`^#compdef ${tool}\n`))
    const { status, stderr } = spawnSync('zsh', ['-fn'], { input: script, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''], tool)
  }
})

test('fish takes the scripts and offers the flags', { skip: !hasShell('fish') && 'no fish here' }, () => {
  for (const [tool, spec] of specs) {
    const script = `${formatCompletion(spec, 'fish')}\ncomplete -C '${tool} --'`
    const { status, stdout, stderr } = spawnSync('fish', ['--no-config'], { input: script, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''], tool)
    for (const name of Object.keys(spec.flags)) assert.match(stdout, new RegExp(`^--${name}\\b`, 'm'))
  }
})

test('quotes and brackets in a help text do not break a script', () => {
  const flag = { kind: 'string', help: `it's [a] "thing": $HOME \`x\` \\ end` } as const
  const spec = { name: 'tool', summary: '', synopsis: [], description: [], flags: { flag }, examples: [] }
  for (const shell of ['zsh', 'fish'] as const) {
    const script = formatCompletion(spec, shell)
    // Single quotes are the only special characters left; between them they are escaped or gone.
    const line = script.split('\n').find(part => part.includes('thing')) as string
    assert.equal(line.replaceAll("\\'", '').split("'").length % 2, 1, line)
  }
})

test('--completion prints the script whatever else is missing', () => {
  for (const args of [['--completion', 'bash'], ['--completion=bash']]) {
    const { status, stdout } = runTool('cdc-tail', args)
    assert.equal(status, 0)
    assert.match(stdout, /complete -o filenames -F _cdc_tail cdc-tail/)
  }
  const { status, stderr } = runTool('cdc-tail', ['--completion', 'bsh'])
  assert.equal(status, 2)
  assert.match(stderr, /--completion: 'bsh' is not one of bash, zsh, fish\n {2}did you mean bash\?/)
})
