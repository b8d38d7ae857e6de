import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RenamedTable } from '../../../src/lib/mysql/row-event.ts'
import { SnapshotProgress } from '../../../src/lib/mysql/snapshot/progress.ts'

const all = (): boolean => true
const only =
  (...names: string[]) =>
  (_database: string, name: string): boolean =>
    names.includes(name)

/** `a>b` */
function pairs(...texts: string[]): RenamedTable[] {
  return texts.map(text => {
    const [from = '', to = ''] = text.split('>')
    return [
      ['db', from],
      ['db', to]
    ]
  })
}

/** The tables that are done after a statement. */
function renamed(
  done: string[],
  isRead: (database: string, name: string) => boolean,
  ...texts: string[]
): string {
  const progress = new SnapshotProgress(done.map(name => `db.${name}`))
  progress.rename(pairs(...texts), isRead)
  return [...progress.done].sort().join(' ')
}

describe('what has been given of a table', () => {
  test('it has under its new name', () => {
    assert.equal(renamed(['a'], all, 'a>b'), 'db.b')
    assert.equal(renamed(['a', 'c'], all, 'a>b'), 'db.b db.c')
  })

  test('goes with it when tables change places', () => {
    assert.equal(renamed(['a'], all, 'a>moved', 'b>a', 'moved>b'), 'db.b')
    assert.equal(renamed(['a', 'b'], all, 'a>moved', 'b>a', 'moved>b'), 'db.a db.b')
    assert.equal(renamed(['a'], only('a', 'b'), 'a>moved', 'b>a', 'moved>b'), 'db.b')
  })

  test('stays under the name that a table takes which is not read, as in an online schema change', () => {
    assert.equal(renamed(['t'], only('t'), 't>_t_del', '_t_gho>t'), 'db._t_del db.t')
    assert.equal(renamed([], only('t'), 't>_t_del', '_t_gho>t'), '')
  })

  test('is an error when it is a part, as the rest would come under another name', () => {
    const progress = new SnapshotProgress([], [['db.a', { key: 'id integer', after: [7], rows: 7 }]])
    assert.throws(() => progress.rename(pairs('a>b'), all), /db\.a was given another name when a part/)
    assert.doesNotThrow(() => progress.rename(pairs('c>d'), all))
    progress.at.clear()
    progress.gone.add('db.a')
    assert.throws(() => progress.rename(pairs('x>y', 'a>b'), all), /db\.a was given another name/)
  })
})
