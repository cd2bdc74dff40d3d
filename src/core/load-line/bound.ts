import { LoadLine, type LoadLineSpec, type RefusalCount } from "./load-line.ts";

/** What makes a {@link Bound}. */
export interface BoundSpec extends Omit<LoadLineSpec, "switched" | "declared"> {
  readonly declared: number;
  /** The mode has changed: all that is held counts from now on, also what was above the limit. */
  readonly recount: () => void;
}

/**
 * A limit of what is held at once, where nothing waits: what is above it is refused, or in measure mode held beside what counts.
 * *Guarantees*: if its owner counts apart what it let in above the limit, measure reports exactly what enforce would have refused of the same arrivals.
 */
export class Bound {
  readonly line: LoadLine;
  readonly limit: number;
  readonly #full: RefusalCount;
  #era = 1;

  constructor({ recount, ...spec }: BoundSpec) {
    this.limit = spec.declared;
    this.line = new LoadLine({
      ...spec,
      switched: () => {
        this.#era++;
        recount();
      },
    });
    this.#full = this.line.reason("full");
  }

  /**
   * Decides on one more, where so much counts already. Returns undefined where it is refused; 0 where it counts; otherwise it is above the limit and must not
   * count: keep the number with it, and ask {@link isApart} when it ends.
   */
  judge(counting: number): number | undefined {
    if (counting < this.limit || this.line.mode === "off") return 0;
    return this.line.refuses(this.#full) ? undefined : this.#era;
  }

  /** The number of what is held apart from now on. It rises with each change of mode, and is never 0. */
  get era(): number {
    return this.#era;
  }

  /** Whether what was let in with that number still counts apart. */
  isApart(era: number): boolean {
    return era === this.#era;
  }
}
