import type { ByteWriter } from '../stream/index.ts'
import type { Cause } from './change-event.ts'
import { ChangeWriter } from './change-writer.ts'
import { generateProjectValues } from './generate-project.ts'
import { generateWriteValues } from './generate-write.ts'
import type { Operator, Row } from './operators/operator.ts'
import type { Plan } from './plan.ts'
import { computed, type RowErrors } from './result-errors.ts'
import type { Results } from './results.ts'

/** The cause of a change that is being written: as text, or for one that is written as bytes what ends it. */
export type ChangeCause = { text(): Cause; end(writer: ChangeWriter): void }

/** What adds rows of values to the results. */
export function addRows(
  { condition, projections }: Plan,
  results: Results,
  errors: RowErrors
): Operator['change'] {
  const write = generateWriteValues(condition, projections, '\n')
  const output = results.bytes?.bind(results)
  if (write === undefined || output === undefined) {
    return computed(generateProjectValues(condition, projections), errors, (_, row) => {
      if (row !== null) results.add(row)
    })
  }
  return (_, after) => {
    if (after === null) return
    const w = output()
    const { length } = w
    try {
      write(after, w)
    } catch (error) {
      w.length = length
      errors.tell(error, after)
    }
  }
}

/** What writes changes of rows of values; one that leaves the output row as it was is none. */
export function writeChanges(
  { condition, projections }: Plan,
  results: Results,
  errors: RowErrors,
  cause: ChangeCause
): Operator['change'] {
  const write = generateWriteValues(condition, projections, '')
  const output = results.bytes?.bind(results)
  if (write === undefined || output === undefined) {
    return computed(generateProjectValues(condition, projections), errors, (old, now) => {
      if (old !== now) results.change(old, now, cause.text())
    })
  }
  const writer = new ChangeWriter()
  const row = (w: ByteWriter, values: Row | null, tell: (error: unknown) => void): void => {
    if (values === null) return
    const { length } = w
    try {
      write(values, w)
    } catch (error) {
      w.length = length
      tell(error)
    }
  }
  const ignore = (error: unknown): void => errors.ignore(error)
  return (before, after) => {
    const w = output()
    try {
      if (before === null) writer.beginNew(w)
      else {
        writer.begin(w)
        row(w, before, ignore)
        writer.next()
      }
      row(w, after, error => errors.tell(error, after as Row))
    } catch (error) {
      writer.drop()
      throw error
    }
    if (writer.isSame) writer.drop()
    else cause.end(writer)
  }
}
