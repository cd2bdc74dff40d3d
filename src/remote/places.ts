import type { Clock } from "../core/clock.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { overloaded } from "../core/load-line/refusal.ts";

/** How many calls, or streams, of one module are under way. */
export class Places {
  readonly line: LoadLine;
  readonly #most: number;
  readonly #full: RefusalCount;
  #taken = 0;

  /** `option`: of `remote()`, by which an app sets `most`. */
  constructor({
    name,
    unit,
    most,
    option,
  }: { readonly name: string; readonly unit: string; readonly most: number; readonly option: string }) {
    this.#most = most;
    this.line = new LoadLine({
      ...{ name, unit, declared: most, now: () => this.#taken },
      fixed: `Memory is bounded, whatever the load: give remote() another ${option}.`,
    });
    this.#full = this.line.reason("full");
  }

  /** *Faults thrown*: `overloaded`. */
  take(clock: Pick<Clock, "random">): void {
    if (this.#taken >= this.#most && this.line.refuses(this.#full))
      throw overloaded({ limit: this.line.name, value: this.#most, load: this.#taken }, clock.random());
    this.line.admits(++this.#taken);
  }

  leave(): void {
    this.#taken--;
  }
}
