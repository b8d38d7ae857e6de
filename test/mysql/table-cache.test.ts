import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ColumnType } from '../../src/lib/mysql/column.ts'
import { EventType } from '../../src/lib/mysql/events.ts'
import { resolveTable } from '../../src/lib/mysql/schema.ts'
import { TableCache } from '../../src/lib/mysql/table-cache.ts'
import { asEvent, int, names, tableMapBody } from './binlog.ts'

function mapEvent(tableId: number, table: string): ReturnType<typeof asEvent> {
  const body = tableMapBody({ tableId, table, types: [ColumnType.LONG], optional: [names('id')] })
  const size = int(19 + body.length, 4)
  return asEvent(
    Buffer.concat([int(0, 4), int(EventType.TABLE_MAP, 1), int(1, 4), size, int(0, 4), int(0, 2), body]),
    false
  )
}

describe('the tables by their ids', () => {
  test('ids that do not come again are dropped, those in use stay', () => {
    let resolved = 0
    const tables = new TableCache(
      (_, table) => table !== 'unwanted',
      map => {
        resolved++
        return resolveTable(map, null, () => 'utf8mb4')
      }
    )
    const used = mapEvent(1, 'used')
    const event = mapEvent(2, 'reopened')
    const other = mapEvent(3, 'unwanted')
    let most = 0
    for (let id = 10; id < 30_010; id++) {
      tables.map(used, 1, false)
      event.buffer.writeUIntLE(id, 19, 6)
      tables.map(id % 10 === 0 ? event : other, id % 10 === 0 ? id : id + 1e6, false)
      other.buffer.writeUIntLE(id + 1e6, 19, 6)
      assert.ok(tables.get(1) != null)
      most = Math.max(most, tables.size)
    }
    assert.ok(most < 10_000, `${most} at once`)
    assert.equal(resolved, 3001)
    assert.equal(tables.get(30_000)?.table.name, 'reopened')
    assert.equal(tables.get(10), undefined)
  })
})
