import type { ByteWriter } from '../stream/index.ts'

/** What becomes of a column: it is left out, its values are masked, or nothing (undefined). */
export type Treatment<M> = 'drop' | M | undefined

/** The flags on columns, as the drivers need them. `M` is a mask, which only the rules look into. */
export interface ColumnTreatments<M = unknown> {
  /** For each column of a table. */
  of(
    table: { readonly database: string; readonly name: string },
    columns: readonly { readonly name: string }[],
    key: readonly number[]
  ): readonly Treatment<M>[]
  /** Masks the JSON value that stands in the writer from `start` to its end. */
  mask(w: ByteWriter, start: number, mask: M): void
}
