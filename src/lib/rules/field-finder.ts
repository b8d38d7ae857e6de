import { type Fields, lookup } from './fields.ts'

/** Finds one field of many events, as `lookup` does. Where it was in the last line is remembered: most are alike. */
export class FieldFinder {
  readonly name: string
  /** What the last line was like, by its own account, and where the field was in it. */
  shape: object | undefined
  place = 0

  constructor(name: string) {
    this.name = name
  }

  of(event: Fields): unknown {
    const { quick } = event
    return quick === undefined ? lookup(event, this.name) : quick.find(this)
  }
}
