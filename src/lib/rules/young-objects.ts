import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Bytes in which new objects may lie before those that are needed are moved out of them. */
const ROOM = 16e6

/** Looking takes ten microseconds; where every line is an alert, blocks of lines are some megabytes of objects each. */
const LOOK_EVERY = 4

let calls = 0
let isBounded = false

/**
 * Bounds the room for new objects, which V8 doubles as long as some of them last, up to 128 MB: more than a million keys
 * take. To be called from time to time, since it is to have its room first.
 */
export function boundYoungObjects(): void {
  if (isBounded || ++calls % LOOK_EVERY > 0) return
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  if (young === undefined || young.space_size < ROOM) return
  setFlagsFromString('--semi-space-growth-factor=1')
  isBounded = true
}
