import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { OutputWriter } from '../../src/lib/stream/bytes.ts'
import { FileOutput, openOutput } from '../../src/lib/stream/output.ts'
import { bash, relay } from './run-relay.ts'
import { temporaryFolder } from './temporary.ts'

const LINE = `{"id":1,"text":"${'x'.repeat(180)}"}`

test('lines go to stdout, to a file on stdout and to --out alike', t => {
  const folder = temporaryFolder(t)
  const lines = `yes '${LINE}' | head -n 5000`
  bash(`${lines} > ${folder}/in; ${relay} --in ${folder}/in > ${folder}/redirected`)
  bash(`${relay} --in ${folder}/in --out ${folder}/named; ${relay} --in ${folder}/in | cat > ${folder}/piped`)
  const expected = `${LINE}\n`.repeat(5000)
  for (const name of ['redirected', 'named', 'piped']) {
    assert.ok(readFileSync(join(folder, name), 'utf8') === expected, name)
  }
})

test('what stdout appends to is kept, what --out names is overwritten', t => {
  const folder = temporaryFolder(t)
  bash(`echo old > ${folder}/a; echo old > ${folder}/b; echo '{}' > ${folder}/in`)
  bash(`${relay} --in ${folder}/in >> ${folder}/a; ${relay} --in ${folder}/in --out ${folder}/b`)
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'old\n{}\n')
  assert.equal(readFileSync(join(folder, 'b'), 'utf8'), '{}\n')
})

test('.gz and .zst outputs are packed, and whole when the tool has ended', t => {
  const folder = temporaryFolder(t)
  const text = `${LINE}\n`.repeat(20_000)
  writeFileSync(join(folder, 'in'), text)
  bash(`${relay} --in ${folder}/in --out ${folder}/o.gz; ${relay} --in ${folder}/in --out ${folder}/o.zst`)
  assert.ok(gunzipSync(readFileSync(join(folder, 'o.gz'))).toString() === text)
  assert.ok(zstdDecompressSync(readFileSync(join(folder, 'o.zst'))).toString() === text)
})

test('a reader that has enough ends the tool with 0 and without a word', () => {
  for (const reader of ['head -n 1', 'true']) {
    const { stdout, stderr } = bash(
      `yes '${LINE}' | head -c 50M | ${relay} --quiet | ${reader}; echo "status \${PIPESTATUS[2]}"`
    )
    assert.match(stdout, /status 0\n$/)
    assert.equal(stderr, '')
  }
})

test('a reader that has enough of a named pipe ends the tool with 0 as well', t => {
  const pipe = join(temporaryFolder(t), 'pipe')
  const { status, stderr } = bash(
    `mkfifo ${pipe}; { head -n 1 > /dev/null; } < ${pipe} & yes '${LINE}' | head -c 50M | ${relay} --quiet --out ${pipe}`
  )
  assert.deepEqual([status, stderr], [0, ''])
})

test('a full disk is one clear error with status 1, on stdout, in a file and in a packed one', t => {
  const folder = temporaryFolder(t)
  for (const name of ['full', 'full.gz', 'full.zst']) symlinkSync('/dev/full', join(folder, name))
  for (const out of [
    '> /dev/full',
    ...['full', 'full.gz', 'full.zst'].map(name => `--out ${folder}/${name}`)
  ]) {
    const { status, stderr } = bash(
      `head -c 5M /dev/urandom | od -An -v -tx1 -w1000 | tr -d ' ' | ${relay} --quiet ${out}`
    )
    assert.equal(status, 1, `${out}: ${stderr}`)
    assert.match(stderr, /^relay: cannot write to .*: no space left\n {2}free some space[^\n]*\n$/, out)
  }
})

test('a small output to a full disk is an error too: its last bytes count', t => {
  const folder = temporaryFolder(t)
  for (const name of ['full', 'full.gz', 'full.zst']) {
    symlinkSync('/dev/full', join(folder, name))
    const { status, stderr } = bash(`echo '{}' | ${relay} --quiet --out ${folder}/${name}`)
    assert.equal(status, 1, name)
    assert.match(stderr, /no space left/)
  }
})

test('an output that cannot be opened is an error with status 1 before anything is read', t => {
  const folder = temporaryFolder(t)
  for (const path of [join(folder, 'no', 'such'), folder]) {
    const { status, stderr } = bash(`${relay} --out ${path} < /dev/null`)
    assert.equal(status, 1)
    assert.match(stderr, /^relay: --out .*\n$/)
  }
  const kafka = bash(`${relay} --out kafka://broker/topic < /dev/null`)
  assert.equal(kafka.status, 2)
  assert.match(kafka.stderr, /kafka:\/\/broker\/topic: a file is needed here/)
})

test('a slow reader slows the tool and never makes its memory grow', async t => {
  // 500 MB through real pipes, to a reader that first does not read at all and then in bursts.
  const child = spawn(
    'bash',
    ['-c', `yes '${LINE}' | head -c 500MB | { echo $BASHPID >&2; exec ${relay} --quiet; } | cat`],
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  t.after(() => child.kill('SIGKILL'))
  const [pid] = await once(child.stderr.setEncoding('utf8'), 'data')
  const status = `/proc/${String(pid).trim()}/status`
  let peakMiB = 0
  const measure = (): void => {
    if (!existsSync(status)) return
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1]
    peakMiB = Math.max(peakMiB, Number(peak ?? 0) / 1024)
  }
  await sleep(1500)
  measure()
  let bytes = 0
  let burst = 0
  for await (const chunk of child.stdout) {
    bytes += chunk.length
    burst += chunk.length
    if (burst > 20_000_000) {
      measure()
      burst = 0
      await sleep(20)
    }
  }
  // The relay cuts the last line, which head left without its end.
  assert.ok(bytes > 499_000_000 && bytes <= 500_000_000, `${bytes}`)
  assert.ok(peakMiB > 20 && peakMiB < 200, `peak ${peakMiB.toFixed(0)} MiB`)
})

test('an output writer holds two blocks at most, and gives all it was given in order', async t => {
  const path = join(temporaryFolder(t), 'out')
  const inner = openOutput(path)
  let writing = 0
  const writer = new OutputWriter({
    name: 'out',
    takesMarks: true,
    sync: () => inner.sync(),
    close: () => inner.close(),
    async write(bytes) {
      assert.equal(++writing, 1, 'the block before is still on its way')
      await sleep(1)
      await inner.write(bytes)
      writing--
    }
  })
  let expected = ''
  for (let i = 0; i < 50; i++) {
    writer.bytes.text(`${i} Zoë 🏏\n`)
    writer.bytes.append(Buffer.from('[more]\n'), 1, 5)
    expected += `${i} Zoë 🏏\nmore`
    await writer.flush()
    assert.equal(writer.bytes.length, 0)
  }
  await writer.drain()
  await inner.close()
  assert.equal(readFileSync(path, 'utf8'), expected)
})

test('a failure to write is thrown by the next flush, or by drain', async () => {
  const failing = {
    name: 'out',
    takesMarks: true,
    write: () => Promise.reject(new Error('disk on fire')),
    sync: () => Promise.resolve(null),
    close: () => Promise.resolve()
  }
  const writer = new OutputWriter(failing)
  writer.bytes.text('a')
  await writer.flush()
  await sleep(5)
  writer.bytes.text('b')
  await assert.rejects(writer.flush(), /disk on fire/)
  const drained = new OutputWriter(failing)
  drained.bytes.text('a')
  await assert.rejects(drained.drain(), /disk on fire/)
})

test('a file is continued at an acknowledged position; what lies behind it is cut off', async t => {
  const path = join(temporaryFolder(t), 'out')
  const first = openOutput(path)
  await first.write(Buffer.from('before\n'))
  const position = await first.sync()
  assert.equal(position, 7)
  await first.write(Buffer.from('not acknowledged'))
  await first.close()

  const second = openOutput(path, { append: true })
  assert.ok(second instanceof FileOutput)
  await second.continueAt(7)
  await second.write(Buffer.from('after\n'))
  assert.equal(await second.sync(), 13)
  await second.close()
  assert.equal(readFileSync(path, 'utf8'), 'before\nafter\n')
})

test('a file that is shorter than what was acknowledged is refused, and left as it is', async t => {
  const path = join(temporaryFolder(t), 'out')
  writeFileSync(path, 'short')
  const output = new FileOutput(path, openSync(path, 'a'))
  await assert.rejects(output.continueAt(100), {
    code: 'OUTPUT',
    message: `${path}: has 5 bytes, but 100 were acknowledged`
  })
  await output.close()
  assert.equal(statSync(path).size, 5)
})

test('a file of which it is not known where it ended is refused unless it is empty, and left as it is', async t => {
  const path = join(temporaryFolder(t), 'out')
  const output = new FileOutput(path, openSync(path, 'a'))
  await output.continueAt(null)
  await output.write(Buffer.from('rows\n'))
  await assert.rejects(output.continueAt(null), { code: 'STATE', message: /it is not known where it ended/ })
  await output.close()
  assert.equal(readFileSync(path, 'utf8'), 'rows\n')
})

test('pipes, devices and packed files cannot say what is durable', async t => {
  assert.equal(await openOutput('/dev/null').sync(), null)
  const packed = openOutput(join(temporaryFolder(t), 'o.gz'))
  assert.equal(await packed.sync(), null)
  await packed.close()
  assert.throws(() => openOutput('o.zst', { append: true }), {
    code: 'USAGE',
    message: '--out o.zst: a packed file cannot be resumed'
  })
})
