import type { RowSchema, Template } from '../stream/index.ts'
import { type FieldMapping, fieldMapping, type ServerTypes } from './column-mapping.ts'
import type { IndexRule } from './index-rules.ts'
import { type IndexTemplate, type Properties, type TemplateMaker, wildcards } from './index-template.ts'

/** What new indices of the names that a table's rows go to are made with. */
export interface DerivedTemplate {
  /** Of the indices' names. */
  readonly pattern: string
  readonly template: IndexTemplate
  /** The fields that come from columns. */
  readonly properties: Properties
}

export interface IndexNames {
  readonly index: Template | undefined
  readonly rules: readonly IndexRule[]
}

/** Makes index templates of the columns of tables. Tables that go to the same indices share a template. */
export class DerivedTemplates {
  readonly #names: IndexNames
  readonly #maker: TemplateMaker
  readonly #warn: (message: string) => void
  /** The tables of each pattern of index names. */
  readonly #tables = new Map<string, Map<string, RowSchema>>()
  readonly #warned = new Set<string>()

  constructor(names: IndexNames, maker: TemplateMaker, warn: (message: string) => void) {
    this.#names = names
    this.#maker = maker
    this.#warn = warn
  }

  /**
   * The template for the indices of a table, from here on.
   * @param types of the server
   * @returns null where there is nothing to derive: the rows go nowhere, or names begin with what only the rows tell
   */
  of(schema: RowSchema, types: ServerTypes): DerivedTemplate | null {
    const table = `${schema.db}.${schema.table}`
    const index = this.#names.rules.find(rule => rule.table.test(table))?.index ?? this.#names.index
    if (index === undefined || !this.#maker.takesMore) return null
    const pattern = wildcards(index, { 'source.db': schema.db, 'source.table': schema.table })
    if (pattern.startsWith('*')) {
      this.#warnOnce(
        `'${index.text}' may be any index, so no mappings are put for ${table}: begin the names with a text of their own`
      )
      return null
    }
    const tables = this.#tables.get(pattern) ?? new Map<string, RowSchema>()
    this.#tables.set(pattern, tables.set(table, schema))
    const properties = this.#merged(pattern, tables, types)
    return { pattern, template: this.#maker.make(pattern, properties), properties }
  }

  /** Of fields that are different things in two tables the first one's mapping stands. */
  #merged(pattern: string, tables: ReadonlyMap<string, RowSchema>, types: ServerTypes): Properties {
    const fields = new Map<string, { mapping: FieldMapping; table: string; type: string }>()
    for (const [table, { columns }] of tables) {
      for (const { name, type } of columns) {
        const mapping = fieldMapping(type, types)
        const known = fields.get(name)
        if (mapping === null) continue
        if (known === undefined) fields.set(name, { mapping, table, type })
        else if (JSON.stringify(known.mapping) !== JSON.stringify(mapping)) {
          this.#warnOnce(
            `${pattern}: '${name}' is ${known.type} in ${known.table} and ${type} in ${table}: mapped for the first; ` +
              '--map gives each table an index of its own, --mappings a type that suits both'
          )
        }
      }
    }
    return this.#maker.prefer(Object.fromEntries([...fields].map(([name, { mapping }]) => [name, mapping])))
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#warn(message)
  }
}
