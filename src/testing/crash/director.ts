import type { Boundary, BoundaryKind, CrashFault, CrashPoint } from "./boundary.ts";
import { faultsOf } from "./boundary.ts";

/** Statements of no operation (a worker's looking for work) repeat with time: of each text so many are boundaries. */
const backgroundOfEach = 3;
const journalLines = 400;

/** Names the boundaries of one run as they are reached, and says at which of them what goes wrong. */
export class Director {
  readonly #point: CrashPoint | undefined;
  readonly #counts = new Map<string, number>();
  readonly #owners = new WeakMap<object, string>();
  readonly boundaries: Boundary[] = [];
  readonly #journal: string[] = [];
  /** Whether boundaries count already, or still: an app that starts, and what heals, are not put to the test. */
  open = false;
  /** Whether the fault of this run has happened. */
  struck = false;

  constructor(point: CrashPoint | undefined) {
    this.#point = point;
  }

  get journal(): readonly string[] {
    return this.#journal;
  }

  note(line: string): void {
    if (this.#journal.length < journalLines) this.#journal.push(line);
  }

  /** `<operation>#<instance>` of an execution: each gets its number when it first opens a transaction or calls outside. */
  nameOf(owner: object): string {
    let name = this.#owners.get(owner);
    if (name === undefined) {
      const { operation } = owner as { readonly operation?: string };
      name = this.numbered(operation ?? "app", "#");
      this.#owners.set(owner, name);
    }
    return name;
  }

  /** The next of a kind. */
  numbered(what: string, sign: "#" | " "): string {
    const counted = `${sign}${what}`;
    const nth = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, nth);
    return `${what}${sign}${nth}`;
  }

  /** Whether the fault is still to come, at a statement that needs no caller: it comes with time. */
  get comesWithTime(): boolean {
    return this.#point?.kind === "background" && !this.struck;
  }

  /** A boundary is reached; returns what goes wrong there, if this is the one. */
  reached(kind: BoundaryKind, what: string): CrashFault | undefined {
    return this.arrive(kind, what).fault;
  }

  /** As {@link reached}, with the whole name of the boundary. */
  arrive(kind: BoundaryKind, what: string): { readonly name: string; readonly fault: CrashFault | undefined } {
    if (!this.open) return { name: what, fault: undefined };
    const name = this.numbered(what, " ");
    this.note(name);
    const fault = this.#faultAt(kind, name);
    if (fault !== undefined) this.note(`${name}: ${fault}`);
    return { name, fault };
  }

  #faultAt(kind: BoundaryKind, name: string): CrashFault | undefined {
    if (kind === "background" && Number(name.slice(name.lastIndexOf(" ") + 1)) > backgroundOfEach) return undefined;
    if (this.#point === undefined) this.boundaries.push({ name, kind });
    if (this.struck || name !== this.#point?.boundary) return undefined;
    this.struck = true;
    return this.#point.fault;
  }

  /** All that can go wrong in a run like this one. */
  points(faults: ReadonlySet<CrashFault>): CrashPoint[] {
    return this.boundaries.flatMap(({ name, kind }) =>
      faultsOf[kind].filter((fault) => faults.has(fault)).map((fault) => ({ boundary: name, kind, fault })),
    );
  }
}
