import { SnapshotReader, SnapshotWriter } from '../../../src/lib/rules/state/snapshot.ts'

interface Saves {
  save(out: SnapshotWriter): void
  restore(saved: SnapshotReader): void
}

/** A new one, with what the old one has saved. */
export function resumed<T extends Saves>(old: Saves, next: T): T {
  const out = new SnapshotWriter()
  old.save(out)
  const saved = new SnapshotReader(Buffer.concat(out.take()))
  next.restore(saved)
  if (!saved.isAtEnd) throw new Error('not all of the snapshot was read')
  return next
}
