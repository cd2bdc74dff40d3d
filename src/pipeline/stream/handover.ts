interface Taker<T> {
  resolve(taken: T | undefined): void;
  reject(error: unknown): void;
}

/** Hands on what one side gives to one that takes it in the same process, in order. */
export class Handover<T> {
  readonly #taken: () => void;
  readonly #held: T[] = [];
  readonly #takers: Taker<T>[] = [];
  #end: { readonly error: unknown } | undefined = undefined;

  /** `taken`: called when nothing is held any more. */
  constructor(taken: () => void) {
    this.#taken = taken;
  }

  /** Whether something waits to be taken. */
  get isFull(): boolean {
    return this.#held.length > 0;
  }

  /** *Bounds*: the caller's, which gives no more while {@link isFull}. */
  give(value: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#held.push(value);
    else taker.resolve(value);
  }

  /** There is nothing more, or an error after what is held. */
  end(error?: unknown): void {
    this.#end ??= { error };
    for (const taker of this.#takers.splice(0)) this.#settle(taker);
  }

  /** The next value; undefined when there is nothing more. *Faults thrown*: that of the end. */
  take(): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const value = this.#held.shift();
      if (value !== undefined) {
        resolve(value);
        if (this.#held.length === 0) this.#taken();
      } else if (this.#end === undefined) this.#takers.push({ resolve, reject });
      else this.#settle({ resolve, reject });
    });
  }

  #settle({ resolve, reject }: Taker<T>): void {
    if (this.#end?.error === undefined) resolve(undefined);
    else reject(this.#end.error);
  }
}
