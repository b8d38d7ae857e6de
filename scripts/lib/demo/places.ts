import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Everything that the demo runs and a reader may run as well. */
export const examples = fileURLToPath(new URL('../../../examples/evening', import.meta.url))
/** The evening as the project has recorded it. */
export const recordedEvening = fileURLToPath(new URL('../../../examples/evening.ndjson.gz', import.meta.url))
