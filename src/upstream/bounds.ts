import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";

/** What its limits read of an upstream. */
interface Occupied {
  readonly name: string;
  readonly running: number;
  readonly waiting: number;
}

const fixed = "Connections and memory are bounded, whatever the load: give httpClient other connections or another queue.";

/** The limits of one upstream, as `/loadlines` lists them. */
export class UpstreamBounds {
  readonly lines: readonly [connections: LoadLine, queue: LoadLine];
  readonly #late: RefusalCount;
  readonly #full: RefusalCount;

  constructor(occupied: Occupied, declared: { readonly connections: number; readonly queue: number }) {
    const { name } = occupied;
    const connections = new LoadLine({
      ...{ name: `upstream ${name} connections`, unit: "requests", declared: declared.connections, fixed },
      now: () => occupied.running,
    });
    const queue = new LoadLine({
      ...{ name: `upstream ${name} queue`, unit: "requests", declared: declared.queue, fixed, follows: connections },
      now: () => occupied.waiting,
    });
    this.lines = [connections, queue];
    this.#late = connections.reason("late");
    this.#full = queue.reason("full");
  }

  /** A request got no connection in its time. */
  late(): void {
    this.lines[0].refuses(this.#late);
  }

  /** A request could not even wait. */
  full(): void {
    this.lines[1].refuses(this.#full);
  }
}
