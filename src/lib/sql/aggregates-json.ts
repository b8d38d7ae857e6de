import type { AggregateDefinition } from './aggregates.ts'
import { type Bound, packed } from './bound.ts'
import { cast } from './cast.ts'
import { jsonText } from './functions/json-text.ts'
import { STRING } from './types.ts'

/** JSON_ARRAYAGG(value [NULL | ABSENT ON NULL]): ABSENT unless said otherwise; `[]` without rows. */
const arrayAggregate: AggregateDefinition = {
  least: 1,
  most: 1,
  bind(call) {
    const value = jsonText(call.args[0] as Bound, call)
    const ignoreNulls = call.options?.nulls !== 'NULL'
    return { argument: ignoreNulls ? value : packed([value], call), type: STRING, options: { ignoreNulls } }
  },
  code({ options }, index, retracts) {
    const value = (v: string): string => (options.ignoreNulls ? v : `(${v}[0] ?? 'null')`)
    const rows = `acc.v${index}`
    if (!retracts) {
      return {
        fields: { [`v${index}`]: "''" },
        add: v => `${rows} += (${rows} === '' ? '' : ',') + rt.keep(${value(v)})`,
        retract: () => '',
        result: `'[' + ${rows} + ']'`
      }
    }
    return {
      fields: { [`v${index}`]: 'rt.newJoinedRows()' },
      add: v => `rt.appendJoined(${rows}, ${value(v)}, ',')`,
      retract: v => `rt.removeJoined(${rows}, ${value(v)})`,
      result: `'[' + (rt.joinedText(${rows}, ',') ?? '') + ']'`
    }
  }
}

/** JSON_OBJECTAGG(KEY k VALUE v [NULL | ABSENT ON NULL]): NULL unless said otherwise; with a key twice there is no result. */
const objectAggregate: AggregateDefinition = {
  least: 2,
  most: 2,
  bind(call) {
    const [key, value] = call.args as [Bound, Bound]
    if (key.type.kind !== 'STRING' && key.type.kind !== 'DYNAMIC')
      call.fail('a key is a STRING: use CAST', key)
    const ignoreNulls = call.options?.nulls === 'ABSENT'
    const parts = [cast(key, STRING) as Bound, jsonText(value, call)]
    return { argument: packed(parts, call), type: STRING, options: { ignoreNulls } }
  },
  take: value => `rt.requireKey(${value})`,
  code({ options }, index) {
    const members = `acc.v${index}`
    return {
      fields: { [`v${index}`]: 'new Map()' },
      add: v => `rt.addMember(${members}, ${v}, ${options.ignoreNulls})`,
      retract: v => `rt.removeMember(${members}, ${v}, ${options.ignoreNulls})`,
      result: `rt.membersText(${members})`
    }
  }
}

export const jsonAggregates: Record<string, AggregateDefinition> = {
  JSON_ARRAYAGG: arrayAggregate,
  JSON_OBJECTAGG: objectAggregate
}
