/** Events by time: a binary heap in two arrays. */
export class Agenda {
  readonly #times: number[] = [];
  readonly #calls: (() => void)[] = [];

  add(time: number, call: () => void): void {
    let at = this.#times.length;
    this.#times.push(time);
    this.#calls.push(call);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#put(at, { time: this.#times[parent]!, call: this.#calls[parent]! });
      at = parent;
    }
    this.#put(at, { time, call });
  }

  next(): { readonly time: number; readonly call: () => void } | undefined {
    const [time, call] = [this.#times[0], this.#calls[0]];
    if (time === undefined || call === undefined) return undefined;
    const last = { time: this.#times.pop()!, call: this.#calls.pop()! };
    if (this.#times.length > 0) this.#sink(last);
    return { time, call };
  }

  #sink(last: { readonly time: number; readonly call: () => void }): void {
    const size = this.#times.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= last.time) break;
      this.#put(at, { time: this.#times[child]!, call: this.#calls[child]! });
      at = child;
    }
    this.#put(at, last);
  }

  #put(at: number, { time, call }: { readonly time: number; readonly call: () => void }): void {
    this.#times[at] = time;
    this.#calls[at] = call;
  }
}
