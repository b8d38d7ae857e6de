import type { AggregateCode } from './aggregates.ts'

/** An aggregate over different values: each is kept with the number of rows that hold it. */
export function distinctCode(inner: AggregateCode, index: number): AggregateCode {
  const seen = `acc.d${index}`
  return {
    fields: { ...inner.fields, [`d${index}`]: 'new Map()' },
    add: value => `if (rt.countUp(${seen}, ${value}) === 1) { ${inner.add(value)} }`,
    retract: value => `if (rt.countDown(${seen}, ${value}) === 0) { ${inner.retract(value)} }`,
    result: inner.result
  }
}
