/** A document's fields, or a row's columns, in the form in which events carry them. */
export type Document = Readonly<Record<string, unknown>>

/** Documents by their id. */
export type Documents = Map<string, Document>

/** Where the pipeline's results end up. */
export interface Store {
  /** In words, with the version where there is one. */
  readonly description: string
  /** What pipeline.sh is told: a URL or a folder. */
  readonly target: string
  readonly isFolder: boolean
  /** All documents under a name: that of a table, or of an aggregate. */
  documents(name: string): Promise<Documents>
}

/** The names under which the aggregates of the pipeline end up. */
export const aggregates = ['joins_per_minute', 'gateway_status'] as const
