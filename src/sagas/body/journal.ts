import { limits } from "../../core/limits.ts";
import type { JournalStep, StepKind } from "../ports/store.ts";
import { journalFull, nameInvalid, nameRepeated } from "./faults.ts";

/** A step that the body has asked for. */
export interface AskedStep {
  readonly name: string;
  readonly kind: StepKind;
  /** How it is undone; undefined where it is not. */
  readonly undo: ((scope: never) => Promise<unknown>) | undefined;
}

const bytesOf = (step: JournalStep | undefined): number => Buffer.byteLength(step?.output ?? "");
const nameForm = /^[\x21-\x7e]+$/;

/** The journal of a saga as this process knows it, and what its body has asked for. */
export class Journal {
  readonly #steps: Map<string, JournalStep>;
  readonly asked = new Map<string, AskedStep>();
  #bytes = 0;

  constructor(steps: readonly JournalStep[]) {
    this.#steps = new Map(steps.map((step) => [step.name, step]));
    for (const step of steps) this.#bytes += bytesOf(step);
  }

  get(name: string): JournalStep | undefined {
    return this.#steps.get(name);
  }

  get steps(): Iterable<JournalStep> {
    return this.#steps.values();
  }

  /** *Faults thrown*: where the name is used twice, or is no name. */
  ask(step: AskedStep): JournalStep | undefined {
    const { name } = step;
    if (typeof name !== "string" || name.length > limits.sagaStepChars || !nameForm.test(name)) throw nameInvalid(String(name));
    if (this.asked.has(name)) throw nameRepeated(name);
    this.asked.set(name, step);
    return this.#steps.get(name);
  }

  /** The name under which a step is recorded: that which it had before, where it is recorded under that. */
  nameOf(name: string, renamed: ReadonlyMap<string, string>): string {
    const before = renamed.get(name);
    return before !== undefined && !this.#steps.has(name) && this.#steps.has(before) ? before : name;
  }

  /** What is recorded and was not asked for. */
  get unasked(): readonly string[] {
    return [...this.#steps.keys()].filter((name) => !this.asked.has(name));
  }

  /** Refuses a further step where the journal is full. */
  assertRoom(name: string): void {
    if (this.#steps.has(name)) return;
    if (this.#steps.size >= limits.sagaSteps) throw journalFull("saga steps", limits.sagaSteps);
    if (this.#bytes >= limits.sagaJournalBytes) throw journalFull("saga journal bytes", limits.sagaJournalBytes);
  }

  set(step: JournalStep): void {
    this.#bytes += bytesOf(step) - bytesOf(this.#steps.get(step.name));
    this.#steps.set(step.name, step);
  }
}
