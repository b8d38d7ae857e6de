import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeQueue } from '../../../src/lib/sql/operators/time-queue.ts'

test('the oldest comes out first, whatever goes in between', () => {
  const step = fc.oneof(
    fc.record({ time: fc.nat(20) }),
    fc.constant('pop' as const),
    fc.record({ takenTo: fc.nat(20) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), steps => {
      const queue = new TimeQueue<{ time: number }>()
      let inside: number[] = []
      for (const item of steps) {
        if (item === 'pop') {
          const oldest = inside.length === 0 ? undefined : Math.min(...inside)
          assert.equal(queue.first?.time, oldest)
          assert.equal(queue.pop()?.time, oldest)
          if (oldest !== undefined) inside.splice(inside.indexOf(oldest), 1)
        } else if ('takenTo' in item) {
          const taken = queue.take(item.takenTo).map(({ time }) => time)
          assert.deepEqual(taken.sort(), inside.filter(time => time <= item.takenTo).sort())
          inside = inside.filter(time => time > item.takenTo)
        } else {
          queue.push(item)
          inside.push(item.time)
        }
        assert.equal(queue.size, inside.length)
      }
      assert.deepEqual(
        queue
          .items()
          .map(({ time }) => time)
          .sort(),
        [...inside].sort()
      )
    })
  )
})

test('of what comes in the order of its times the first of equal ones comes out first, also of thousands', () => {
  const queue = new TimeQueue<{ time: number; n: number }>()
  for (let n = 0; n < 10_000; n++) {
    queue.push({ time: n >> 2, n })
    if (n % 3 > 0) assert.equal(queue.pop()?.n, n - 1 - Math.floor(n / 3))
  }
  const left = queue.take(2000).map(({ n }) => n)
  assert.deepEqual(
    left,
    Array.from({ length: left.length }, (_, i) => 6666 + i)
  )
  assert.equal(queue.first?.n, 2001 * 4)
})
