import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { positionVersion } from '../../src/lib/elastic/version.ts'
import { FileEpochs } from '../../src/lib/mysql/file-epochs.ts'
import { StateDirectory } from '../../src/lib/stream/index.ts'

const name = (number: number): string => `binlog.${String(number).padStart(6, '0')}`

describe('the numbers of log files', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-epochs-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  /** A stretch of the log of one server: its files, and where the run was started again. */
  const stretch = fc.record({
    server: fc.constantFrom('a', 'b', 'c'),
    first: fc.integer({ min: 1, max: 1000 }),
    files: fc.integer({ min: 1, max: 5 }),
    restarts: fc.boolean()
  })

  test('go up over all servers, and through restarts, and stay where one server is read', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(stretch, { minLength: 1, maxLength: 8 }), async stretches => {
        const root = join(directory, String(run++))
        let state = await StateDirectory.open(root, 'cdc-tail')
        let epochs = await FileEpochs.open(state)
        let last = -1n
        let server = ''
        let next = 0
        for (const { server: other, first, files, restarts } of stretches) {
          if (restarts) {
            state.close()
            state = await StateDirectory.open(root, 'cdc-tail')
            epochs = await FileEpochs.open(state)
          }
          const before = epochs.epoch
          epochs.of(other)
          // The same server goes on where it was.
          const begin = other === server ? next : first
          for (let number = begin; number < begin + files; number++) {
            await epochs.enter(name(number))
            const version = positionVersion(name(number), 4, 0, epochs.epoch) as bigint
            assert.ok(version > last || (number === begin && version === last))
            last = version
          }
          if (other === server) assert.equal(epochs.epoch, before)
          server = other
          next = begin + files - 1
        }
        state.close()
      }),
      { numRuns: 50 }
    )
  })

  test('are as they were when files are read again, and go on when the server begins to count anew', async () => {
    const state = await StateDirectory.open(join(directory, 'again'), 'cdc-tail')
    const epochs = await FileEpochs.open(state)
    epochs.of('a')
    await epochs.begin(name(900))
    await epochs.enter(name(901))
    assert.equal(epochs.enter(name(899)), undefined)
    assert.equal(epochs.epoch, 0)
    await epochs.begin(name(1))
    assert.equal(epochs.epoch, 901)
    state.close()
  })
})
