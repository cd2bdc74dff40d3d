import { sessionReading } from "../../postgres/session.ts";
import { commitText, isFraming, isSettings, rollbackText } from "../../postgres/statements.ts";
import { typeText } from "../../postgres/values/catalog.ts";
import { type BoundaryKind, type CrashFault, fingerprint } from "./boundary.ts";
import type { Director } from "./director.ts";
import { readMark, type WireLabel } from "./labelled-database.ts";
import type { Unit } from "./wire-messages.ts";
import type { Gate, Passage, WireLink } from "./wire-proxy.ts";

/** What a fault on the wire does to the rest of the world. */
export interface Havoc {
  readonly director: Director;
  /** The process that talks here is gone. */
  kill(): void;
  /** The process that talks here stands still; another one starts. Resolves when it continues. */
  stall(): Promise<void>;
  /** Moves the clock of the database by the jump of this lab. */
  jump(direction: 1 | -1): Promise<void>;
  /** Whether the request behind an execution may be sent again. */
  isRepeatable(execution: string): boolean;
  /** Sends the request behind an execution once more, and waits a moment for its response. */
  sendTwice(execution: string): Promise<void>;
}

const pass: Passage = { way: "pass" };
const stop: Passage = { way: "stop" };
/** What a process asks once, or with each connection that it opens: how often depends on time, and nothing depends on it. */
const ofConnection: ReadonlySet<string> = new Set([sessionReading, typeText]);

/** Names every statement of one instance, and lets the fault of this run happen at its place. */
export class CrashGate implements Gate {
  readonly #havoc: Havoc;
  readonly #users = new WeakMap<WireLink, WireLabel>();
  /** While its process stands still. */
  still: Promise<void> | undefined;

  constructor(havoc: Havoc) {
    this.#havoc = havoc;
  }

  passes(link: WireLink, unit: Unit, quiet: () => Promise<void>): Passage | Promise<Passage> {
    return this.still === undefined ? this.#decide(link, unit, quiet) : this.still.then(() => this.#decide(link, unit, quiet));
  }

  #decide(link: WireLink, unit: Unit, quiet: () => Promise<void>): Passage | Promise<Passage> {
    const label = readMark(unit.text);
    if (label !== undefined) {
      this.#users.set(link, label);
      return pass;
    }
    if (ofConnection.has(unit.text)) return pass;
    const { director } = this.#havoc;
    const user = this.#users.get(link);
    // The platform's own statements begin with the settings, and how often they run depends on time. Only their writes are boundaries.
    if (user === undefined && isSettings(unit.text)) return pass;
    const name = user?.name ?? "app";
    if (unit.text === commitText || unit.text === rollbackText) this.#users.delete(link);
    const what = `${name} ${fingerprint(unit.text)}`;
    // A transaction that only read is ended when the loop has time: nothing depends on it.
    if (unit.text === commitText && user?.mode === "read") return pass;
    const { name: boundary, fault } = director.arrive(this.#kindOf(user, unit.text), what);
    if (fault !== undefined) return this.#strike(fault, { link, quiet, boundary, execution: name });
    if (unit.text !== commitText || !director.open) return pass;
    return {
      way: "pass",
      answered: (outcome) => {
        director.note(`${boundary}: ${outcome}`);
        return "deliver";
      },
    };
  }

  async #strike(
    fault: CrashFault,
    { link, quiet, boundary, execution }: { link: WireLink; quiet: () => Promise<void>; boundary: string; execution: string },
  ): Promise<Passage> {
    const { director, kill, stall, jump, sendTwice } = this.#havoc;
    const end = fault.startsWith("gone") ? kill : () => link.cut();
    switch (fault) {
      case "cut-before":
      case "gone-before":
        await quiet();
        end();
        return stop;
      case "cut-after":
      case "gone-after":
        return {
          way: "pass",
          last: true,
          answered: (outcome) => {
            director.note(`${boundary}: ${outcome}, whose response was lost`);
            end();
            return "drop";
          },
        };
      case "refused":
        return { way: "refuse" };
      case "twice":
        await sendTwice(execution);
        return pass;
      case "stalled":
        await stall();
        return pass;
      case "clock-forward":
        await jump(1);
        return pass;
      case "clock-back":
        await jump(-1);
        return pass;
      default:
        return pass;
    }
  }

  #kindOf(user: WireLabel | undefined, text: string): BoundaryKind {
    if (user === undefined) return "background";
    if (isFraming(text)) return "framing";
    if (user.mode === "read") return "reading";
    return this.#havoc.isRepeatable(user.name) ? "repeatable statement" : "statement";
  }
}
