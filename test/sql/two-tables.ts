import { change, type Row } from './events.ts'

export type Tables = { lines: string[]; orders: Row[]; users: Row[] }

/** Changes of two tables, and what they leave. */
export function changes(
  list: readonly { table: string; id: number; k: number | null; v: number; isDelete: boolean }[]
): Tables {
  const tables: Record<string, Map<number, Row>> = { orders: new Map(), users: new Map() }
  const lines: string[] = []
  for (const { table, id, k, v, isDelete } of list) {
    const rows = tables[table] as Map<number, Row>
    const old = rows.get(id) ?? null
    if (isDelete && old === null) continue
    const now = isDelete ? null : { id, k, v }
    lines.push(change(old === null ? 'c' : now === null ? 'd' : 'u', old, now, table))
    if (now === null) rows.delete(id)
    else rows.set(id, now)
  }
  const left = (name: string): Row[] => [...(tables[name] as Map<number, Row>).values()]
  return { lines, orders: left('orders'), users: left('users') }
}
