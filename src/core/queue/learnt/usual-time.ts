const smoothing = 0.05;
const leastSamples = 20;

/** What calls usually take, as their mean and how far they are from it on average. *Units*: milliseconds. */
export class UsualTime {
  #meanMs = 0;
  #deviationMs = 0;
  #samples = 0;

  /** One that goes on by itself from what is known now. */
  copy(): UsualTime {
    const copy = new UsualTime();
    copy.#meanMs = this.#meanMs;
    copy.#deviationMs = this.#deviationMs;
    copy.#samples = this.#samples;
    return copy;
  }

  took(ms: number): void {
    if (this.#samples++ === 0) {
      this.#meanMs = ms;
      return;
    }
    const off = ms - this.#meanMs;
    this.#meanMs += off * smoothing;
    this.#deviationMs += (Math.abs(off) - this.#deviationMs) * smoothing;
  }

  /** What most take at least; 0 until enough are known. */
  get leastMs(): number {
    return this.#samples < leastSamples ? 0 : Math.max(0, this.#meanMs - this.#deviationMs);
  }
}
