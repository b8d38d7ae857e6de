// Plain JavaScript that old versions of Node can parse, so that they get one clear line instead of a stack trace.
import { readFileSync } from 'node:fs'
import * as module from 'node:module'

const REQUIRED = [22, 22]

/** Checks the Node version, answers --version without loading the tool, then runs the tool's module. */
export async function start(name, load) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < REQUIRED[0] || (major === REQUIRED[0] && minor < REQUIRED[1])) {
    process.stderr.write(
      `${name}: needs Node.js ${REQUIRED.join('.')} or newer, this is ${process.versions.node}\n`
    )
    process.exit(2)
  }
  if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
    // `--version | true`: the reader may be gone before it has read anything.
    process.stdout.on('error', () => process.exit(0))
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    process.stdout.write(`${name} ${JSON.parse(text).version}\n`)
    return
  }
  // Compiled code is kept in Node's own cache folder: later starts take half the time.
  module.enableCompileCache?.()
  const tool = await load()
  await tool.main()
}
