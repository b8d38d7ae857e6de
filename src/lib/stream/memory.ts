/**
 * The memory that a block of lines lies in. It is outside JavaScript's heap, where a tool that makes few objects would
 * leave tens of megabytes of blocks that nobody reads any more, and then pay for collections of everything to be rid of
 * them: so it is given back by those who hold it.
 */
export class Memory {
  readonly #giveBack: () => void
  #holders = 1

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack
  }

  hold(): void {
    this.#holders++
  }

  /** After the last release the block's bytes are gone. */
  release(): void {
    if (--this.#holders === 0) this.#giveBack()
  }
}

/** Gives the memory of a buffer back, if it has it for itself. */
export function free(owner: Buffer): void {
  const { buffer } = owner
  if (buffer instanceof ArrayBuffer && buffer.byteLength === owner.length) buffer.transfer(0)
}
