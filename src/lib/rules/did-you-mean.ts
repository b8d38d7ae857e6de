import { suggest } from '../cli/index.ts'

/** `: did you mean num_events?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = suggest(name, known)
  return near === undefined ? '' : `: did you mean ${near}?`
}
