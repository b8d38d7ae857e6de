const isThorough = process.env.MILLRACE_THOROUGH === '1'

/**
 * How often something is killed, mutated and so on: as often as promised with MILLRACE_THOROUGH=1, and else, where every
 * change waits for it, as often as finds most mistakes.
 */
export function rounds(all: number, usual: number): number {
  return isThorough ? all : usual
}

/**
 * What something is run on that does not differ in what is proved: all with MILLRACE_THOROUGH=1, and else those that stand
 * for the others, too.
 */
export function samples<const T>(all: readonly T[], usual: readonly NoInfer<T>[]): readonly T[] {
  return isThorough ? all : usual
}
