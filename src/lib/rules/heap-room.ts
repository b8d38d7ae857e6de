import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Bytes in which new objects may lie before those that are needed are moved out of them. */
const ROOM = 16 * 2 ** 20

/**
 * What was moved out is looked through when it has grown by so much: V8 lets it grow to three or four times what there is, and nearly
 * all of it lasts a block of lines and no longer.
 */
const GROWTH_PERCENT = 100

/** Looking takes ten microseconds. It is to be done often only until new objects have their room. */
const LOOK_EVERY = 4
const LOOK_AGAIN_EVERY = 256

let callsLeft = 0

/**
 * Bounds the memory for objects that last a moment, to which V8 gives more than a million keys take. The room for new ones it
 * doubles as long as some of them last, up to 128 MB: they are to have their room, also when V8 has made it smaller meanwhile,
 * and no more. To be called from time to time.
 */
export function boundHeap(): void {
  if (callsLeft-- > 0) return
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  if (young === undefined) return
  const growth = Math.max(1, Math.floor(ROOM / young.space_size))
  setFlagsFromString(`--semi-space-growth-factor=${growth}`)
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  callsLeft = growth === 1 ? LOOK_AGAIN_EVERY : LOOK_EVERY
}
