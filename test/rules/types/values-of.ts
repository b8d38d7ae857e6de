import type { Window } from '../../../src/lib/rules/types/window.ts'

/** The counts of a window, oldest first. */
export function valuesOf(window: Window): number[] {
  return window.fold<number[]>([], (values, count) => [...values, count])
}
