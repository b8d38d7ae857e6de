import type { Identifier, Query, TableReference } from './ast.ts'
import { bindJoin } from './bind-join.ts'
import { bindWindow } from './bind-window-function.ts'
import { scanTable, scanUndeclared } from './catalog.ts'
import { type BoundSelect, type Environment, named, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import type { Relation } from './relation.ts'

/** Resolves a subquery or view. */
type BindQuery = (query: Query, environment: Environment) => BoundSelect

/**
 * What stands in FROM: a table, a view, a subquery, or a window table function over one of them.
 * @param isJoined whether it is the right side of a join
 */
export function bindTable(
  reference: TableReference,
  environment: Environment,
  bindQuery: BindQuery,
  isJoined = false
): Relation {
  const { text } = environment
  switch (reference.kind) {
    case 'table': {
      const relation = namedTable(reference.path, environment, bindQuery)
      if (reference.asOf !== undefined && !isJoined)
        throw new SqlError('unsupported', unsupported('FOR SYSTEM_TIME AS OF without JOIN'), text, reference)
      if (reference.asOf === undefined) refuseLookup(relation, reference, text)
      const named = reference.columns === undefined ? relation : renamed(relation, reference.columns, text)
      return reference.alias === undefined ? named : { ...named, alias: reference.alias.name }
    }
    case 'subquery': {
      const { query, columns = [], alias } = reference
      return { ...named(bindQuery(query, environment), columns, environment.text), alias: alias?.name }
    }
    case 'join':
      return bindJoin(reference, environment, (table, inner, isJoined) =>
        bindTable(table, inner, bindQuery, isJoined)
      )
    case 'unnest':
      throw new SqlError('unsupported', unsupported('UNNEST without a table before it'), text, reference)
    case 'window':
      return bindWindow(reference, bindTable(reference.input, environment, bindQuery), environment)
  }
}

/** The rows of a table that is looked up do not come by themselves. */
function refuseLookup({ input }: Relation, reference: TableReference, text: string): void {
  if (input.kind !== 'scan' || input.source.kind !== 'lookup') return
  const reason = `${input.name} is looked up row by row: JOIN ${input.name} FOR SYSTEM_TIME AS OF PROCTIME() ON …`
  throw new SqlError('unsupported', reason, text, reference)
}

/** The relation with other names for its columns. */
function renamed(relation: Relation, columns: Identifier[], text: string): Relation {
  const { fields, open, sides } = relation
  if (open || sides !== undefined || columns.length !== fields.length) {
    const reason = `a list of ${columns.length} columns for ${open ? 'those of an undeclared table' : fields.length}`
    throw new SqlError('type', reason, text, columns[0] as Identifier)
  }
  return {
    ...relation,
    fields: fields.map(({ value }, i) => ({ name: (columns[i] as Identifier).name, value }))
  }
}

function namedTable(path: Identifier[], environment: Environment, bindQuery: BindQuery): Relation {
  const name = path.map(part => part.name).join('.')
  const view = environment.views.get(name)
  if (view !== undefined) {
    const bound = bindQuery(view.query, { ...environment, views: view.views })
    return { ...named(bound, view.columns, environment.text), alias: path.at(-1)?.name }
  }
  const table = environment.tables.get(name)
  if (table !== undefined) {
    if (table.source === 'stdout') {
      throw new SqlError(
        'name',
        `${name} is an output: it cannot be read`,
        environment.text,
        path[0] as Identifier
      )
    }
    return scanTable(table)
  }
  return scanUndeclared(path, environment.text)
}
