/** To sort so few costs less than a call that does. */
const FEW = 16

/** Some numbers, in memory that is used again for others: all keys are looked at in an evaluation. */
export class Numbers {
  #numbers = new Float64Array(FEW)
  #size = 0

  clear(): void {
    this.#size = 0
  }

  add(number: number): void {
    if (this.#size === this.#numbers.length) {
      const larger = new Float64Array(this.#size * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[this.#size++] = number
  }

  /** Percentile, from 0 to 100, by linear interpolation between the two nearest ranks; undefined of none. */
  percentile(p: number): number | undefined {
    if (this.#size === 0) return undefined
    this.#sort()
    const at = (p / 100) * (this.#size - 1)
    const low = this.#numbers[Math.floor(at)]!
    return low + (this.#numbers[Math.ceil(at)]! - low) * (at - Math.floor(at))
  }

  #sort(): void {
    const numbers = this.#numbers
    const size = this.#size
    if (size > FEW) {
      numbers.subarray(0, size).sort()
      return
    }
    for (let i = 1; i < size; i++) {
      const number = numbers[i]!
      let to = i
      while (to > 0 && numbers[to - 1]! > number) {
        numbers[to] = numbers[to - 1]!
        to--
      }
      numbers[to] = number
    }
  }
}
