import type { Bound } from './bound.ts'
import { type ExpressionCode, jsonCode } from './codegen.ts'
import { build, PlaceCode, valuesCode } from './place-code.ts'
import type { Projection, Scan } from './plan.ts'
import type { Pieces } from './values/block-text.ts'
import { quote } from './values/text.ts'

/** The output row's JSON text (UTF-8, one character a byte), or null when the row does not pass the condition. */
export type ProjectPlace = (
  B: Buffer,
  S: Pieces,
  P: Int32Array,
  O: number,
  RS: number,
  RE: number
) => string | null

/** The same for a row of values. */
export type ProjectValues = (R: readonly unknown[]) => string | null

export function generateProjectPlace(
  scan: Scan,
  condition: Bound | undefined,
  projections: Projection[]
): ProjectPlace {
  const body = new PlaceCode(scan)
  const filter =
    condition === undefined ? '' : body.statement(c => `if (!${c.isTrue(condition)}) return null;`)
  const output = body.statement(
    c => `return ${rowJson(projections, value => body.raw(value) ?? jsonOf(c, value))};`
  )
  return build(`return function project(B, S, P, O, RS, RE) {\n${body.declarations()}${filter}${output}}`)
}

export function generateProjectValues(
  condition: Bound | undefined,
  projections: Projection[]
): ProjectValues {
  const code = valuesCode()
  const filter = condition === undefined ? '' : `if (!${code.isTrue(condition)}) return null;\n`
  const output = `return ${rowJson(
    projections,
    value => jsonOf(code, value),
    row => code.value(row)
  )};\n`
  return build(`return function project(R) {\n${code.declarations()}${filter}${output}}`)
}

const jsonOf = (code: ExpressionCode, value: Bound): string => {
  const js = code.value(value)
  const name = /^[a-zA-Z_]\w*(?:\[\d+\])?$/.test(js) ? js : undefined
  if (name !== undefined) return jsonCode(value.type, name)
  const temporary = `t${code.temporaries.length}`
  code.temporaries.push(temporary)
  const json = jsonCode(value.type, temporary)
  return json === temporary ? js : `(${temporary} = ${js}, ${json})`
}

/** JavaScript for the text of a JSON object with the projections as members. */
function rowJson(
  projections: Projection[],
  json: (value: Bound) => string,
  text: (row: Bound) => string = json
): string {
  const members: string[] = []
  for (const projection of projections) {
    if (projection.kind === 'row') {
      const { value } = projection
      members.push(value === undefined ? 'rt.members(S, RS, RE)' : `rt.membersOf(${text(value)})`)
    } else members.push(`${JSON.stringify(`${quote(projection.name)}:`)} + ${json(projection.value)}`)
  }
  const [first] = projections
  if (projections.length === 1 && first?.kind === 'row')
    return first.value === undefined ? 'S.substring(RS, RE)' : text(first.value)
  if (projections.some(projection => projection.kind === 'row'))
    return `rt.joinMembers(${members.join(', ')})`
  return `'{' + ${members.join(" + ',' + ")} + '}'`
}
