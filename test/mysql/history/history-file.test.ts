import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { Catalog } from '../../../src/lib/mysql/ddl/catalog.ts'
import type { KnownTable } from '../../../src/lib/mysql/ddl/model.ts'
import { HistoryFile } from '../../../src/lib/mysql/history/history-file.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-history-'))
after(() => rmSync(root, { recursive: true }))
const folder = (): string => mkdtempSync(join(root, 'x'))

function table(name: string, ...columns: string[]): KnownTable {
  return {
    database: 'd',
    name,
    charset: 'utf8mb4',
    columns: columns.map(name => ({ name, type: 'int' })),
    primaryKey: [],
    uniqueKeys: []
  }
}

function entry(after: number, name: string, ...columns: string[]) {
  return {
    after,
    at: 'binlog.000001:4',
    sql: '…',
    databases: [],
    tables: [[['d', name], table(name, ...columns)]] as const
  }
}

function columnsOf(file: HistoryFile | null, name = 't'): string[] | undefined {
  const found = file?.catalog().table(['d', name]) as KnownTable | undefined
  return found?.columns.map(({ name }) => name)
}

describe('a history of tables on disk', () => {
  test('has the tables of the mark that a run resumes at, and what came after is gone for good', async () => {
    const directory = folder()
    const catalog = new Catalog()
    catalog.apply({
      databases: [['d', { name: 'd', charset: 'latin1' }]],
      tables: [[['d', 't'], table('t', 'a')]]
    })
    const file = await HistoryFile.create(directory, 0, catalog)
    for (let mark = 1; mark <= 5; mark++) file.append(entry(mark, 't', `m${mark}`))
    file.close()
    assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 6)), ['m5'])
    assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 5)), ['m4'])
    assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 6)), ['m4'])
    assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 1)), ['a'])
    assert.equal((await HistoryFile.resume(directory, 1))?.catalog().database('d')?.charset, 'latin1')
  })

  test('begins again where it began, for a run of which no mark was acknowledged', async () => {
    const directory = folder()
    const catalog = new Catalog()
    catalog.apply({ databases: [], tables: [[['d', 't'], table('t', 'a')]] })
    const file = await HistoryFile.create(directory, 2, catalog)
    file.append(entry(2, 't', 'b'))
    file.append(entry(3, 't', 'c'))
    file.close()
    assert.equal(await HistoryFile.restart(directory, 1), null)
    assert.deepEqual(columnsOf(await HistoryFile.restart(directory, 2)), ['a'])
    assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 9)), ['a'])
    assert.equal(await HistoryFile.restart(folder(), 2), null)
  })

  test('does not have the line that was being written when the run was killed', async () => {
    const directory = folder()
    const file = await HistoryFile.create(directory, 0, new Catalog())
    file.append(entry(1, 't', 'a'))
    file.close()
    const path = HistoryFile.path(directory)
    const whole = readFileSync(path, 'utf8')
    for (const cut of [1, 20, 60]) {
      writeFileSync(path, whole)
      appendFileSync(path, JSON.stringify(entry(1, 't', 'b')).slice(0, cut))
      assert.deepEqual(columnsOf(await HistoryFile.resume(directory, 2)), ['a'])
      assert.equal(readFileSync(path, 'utf8'), whole)
    }
  })

  test('is an error, which says what to do, where it is damaged or does not reach back to the mark', async () => {
    const directory = folder()
    const path = HistoryFile.path(directory)
    assert.equal(await HistoryFile.resume(directory, 1), null)
    writeFileSync(path, '')
    assert.equal(await HistoryFile.resume(directory, 1), null)
    const file = await HistoryFile.create(directory, 3, new Catalog())
    file.close()
    await assert.rejects(HistoryFile.resume(directory, 3), { code: 'STATE', message: /begins after mark 3/ })
    const base = readFileSync(path, 'utf8')
    for (const text of [
      '{}\n',
      'x\n',
      '{"after":1,"databases":[],"tables":[]}\n',
      `${base}{"after":4}\n`,
      `${base}null\n`,
      `${base}\n`
    ]) {
      writeFileSync(path, text)
      await assert.rejects(HistoryFile.resume(directory, 9), {
        code: 'STATE',
        message: /:[12]: the schema history is damaged/,
        hint: /backup/
      })
    }
  })

  test('gives the same tables when it has been made shorter', async () => {
    const change = fc.record({ name: fc.constantFrom('t', 'u', 'v'), column: fc.string(), marks: fc.nat(2) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1 }),
        fc.nat(20),
        fc.nat(20),
        async (changes, oldest, more) => {
          const directory = folder()
          const file = await HistoryFile.create(directory, 0, new Catalog())
          let mark = 1
          for (const { name, column, marks } of changes) {
            file.append(entry(mark, name, column))
            mark += marks
          }
          const resumed = Math.max(1, oldest) + more
          const expected = changes.length
          await file.compact(Math.max(1, oldest))
          file.append(entry(mark, 't', 'last'))
          file.close()
          const lines = readFileSync(HistoryFile.path(directory), 'utf8').trim().split('\n').length
          assert.ok(lines <= expected + 2)
          const found = (await HistoryFile.resume(directory, resumed))?.catalog()
          const plain = new Catalog()
          let at = 1
          for (const { name, column, marks } of changes) {
            if (at < resumed) plain.apply(entry(at, name, column))
            at += marks
          }
          if (mark < resumed) plain.apply(entry(mark, 't', 'last'))
          for (const name of ['t', 'u', 'v'])
            assert.deepEqual(found?.table(['d', name]), plain.table(['d', name]))
        }
      ),
      { numRuns: 40 }
    )
  })
})
