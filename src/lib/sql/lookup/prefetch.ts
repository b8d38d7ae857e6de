import { calcConsumer } from '../consumers.ts'
import { RowError } from '../errors.ts'
import { generateCalc } from '../generate-calc.ts'
import { generateJoin } from '../generate-join.ts'
import type { Row } from '../operators/operator.ts'
import { unnester } from '../operators/unnest.ts'
import type { Line } from '../pipeline.ts'
import { inputsOf, type Join, type Node } from '../plan.ts'
import { LineError } from '../scan.ts'
import { type Source, sourceOf } from '../source.ts'
import type { Lookups } from './lookups.ts'

/**
 * Asks for the rows that lines are going to be joined with, before they are worked on, so that many are fetched at once.
 * It follows rows from the input to the joins as long as nothing keeps them; what lies behind an aggregation or another
 * join is asked for when it comes.
 */
export class Prefetch {
  private readonly sources: Source[] = []
  private readonly tables: Lookups

  constructor(node: Node, tables: Lookups) {
    this.tables = tables
    this.follow(node)
  }

  begin(block: Buffer): void {
    for (const source of this.sources) source.begin(block)
  }

  line(line: Line): void {
    for (const source of this.sources) {
      try {
        if (source.read(line)) source.apply()
      } catch (error) {
        // What is wrong with the line is told when it is worked on.
        if (!(error instanceof LineError || error instanceof RowError)) throw error
      }
    }
  }

  /** Finds the joins that rows come to without being kept. */
  private follow(node: Node): void {
    if (isLookup(node) && isPassing(node.left)) this.build(node, () => {})
    else for (const input of inputsOf(node)) this.follow(input)
  }

  private build(node: Node, take: (row: Row) => void): void {
    if (isLookup(node)) this.join(node, take)
    else if (node.kind === 'union') for (const input of node.inputs) this.build(input, take)
    else if (node.kind === 'unnest') {
      const rowsOf = unnester(node)
      this.build(node.input, row => {
        for (const unnested of rowsOf(row)) take(unnested)
      })
    } else if (node.kind === 'calc') {
      const { input } = node
      if (input.kind === 'scan') {
        const out = {
          change: (_: Row | null, after: Row | null) => after !== null && take(after),
          advance() {},
          clear() {}
        }
        this.sources.push(sourceOf(input, calcConsumer(node, out), false))
        return
      }
      const { values } = generateCalc(node)
      this.build(input, row => {
        const passed = values(row)
        if (passed !== null) take(passed)
      })
    }
  }

  private join(node: Join, take: (row: Row) => void): void {
    const functions = generateJoin(node)
    const table = this.tables.tableOf(node, functions)
    this.build(node.left, left => {
      const key = functions.leftKey(left)
      const rows = key === null ? [] : table.rows(key, left)
      if (rows === undefined) return
      const joined = rows.map(row => functions.row(left, row)).filter(row => functions.matches(row))
      for (const row of joined) take(row)
      if (joined.length === 0 && node.type === 'left') take(functions.row(left, null))
    })
  }
}

const isLookup = (node: Node): node is Join => node.kind === 'join' && node.time?.kind === 'lookup'

/** Whether rows come through a node without being kept. */
function isPassing(node: Node): boolean {
  if (node.kind === 'scan') return true
  const passes = node.kind === 'calc' || node.kind === 'union' || node.kind === 'unnest' || isLookup(node)
  return passes && inputsOf(node).every(isPassing)
}
