/** The watermark of an operator with several inputs: that of the one which is furthest behind. */
export class Watermarks {
  /** ms */
  readonly inputs: number[]
  private combined = Number.NEGATIVE_INFINITY
  private readonly take: (watermark: number) => void

  /** @param take is told when the combined watermark moves on */
  constructor(inputs: number, take: (watermark: number) => void) {
    this.inputs = new Array<number>(inputs).fill(Number.NEGATIVE_INFINITY)
    this.take = take
  }

  get current(): number {
    return this.combined
  }

  advance(input: number, watermark: number): void {
    if (watermark <= (this.inputs[input] as number)) return
    this.inputs[input] = watermark
    this.combine()
  }

  restore(inputs: readonly number[]): void {
    for (const [i, watermark] of inputs.entries()) this.inputs[i] = watermark
    this.combined = Math.min(...this.inputs)
  }

  private combine(): void {
    const { inputs } = this
    let combined = Number.POSITIVE_INFINITY
    for (let i = 0; i < inputs.length; i++) combined = Math.min(combined, inputs[i] as number)
    if (combined <= this.combined) return
    this.combined = combined
    this.take(combined)
  }
}
