/**
 * How often something is killed, mutated and so on: as often as promised with MILLRACE_THOROUGH=1, and else, where every
 * change waits for it, as often as finds most mistakes.
 */
export function rounds(all: number, usual: number): number {
  return process.env.MILLRACE_THOROUGH === '1' ? all : usual
}
