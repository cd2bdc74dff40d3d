import type { Actor } from "plimsoll";
import { type Attempt, type Invocation, type RunningExecution, readInput, withMade } from "plimsoll/ports";
import { completion, type LeasedRelay } from "./store.ts";

/** One attempt of a relay, on the way of every request. */
export class RelayAttempt implements Invocation, Attempt {
  readonly surface = "relay";
  readonly address = undefined;
  readonly trace = undefined;
  readonly remainingMs = undefined;
  readonly requestId: string;
  readonly key: string;
  readonly attempt: number;
  readonly tenant: string | undefined;
  committed = false;
  #made: unknown = undefined;
  readonly #relay: LeasedRelay;
  readonly #ended: (execution: RunningExecution, attempt: RelayAttempt) => void;

  constructor(relay: LeasedRelay, ended: (execution: RunningExecution, attempt: RelayAttempt) => void) {
    this.#relay = relay;
    this.#ended = ended;
    this.requestId = relay.id;
    this.key = `relay:${relay.id}`;
    this.attempt = relay.attempt;
    this.tenant = relay.tenant ?? undefined;
  }

  get durable(): Attempt {
    return this;
  }
  get idempotencyKey(): string {
    return this.key;
  }

  authenticate(): Actor {
    const { tenant } = this;
    return { id: this.#relay.actor ?? "system", kind: "system", roles: ["system"], tenant, claims: { tid: tenant } };
  }

  readInput(execution: RunningExecution): undefined {
    const { sent, made } = readInput(this.#relay.input);
    execution.input = sent;
    this.#made = made;
  }

  sameInput(parsed: unknown): unknown {
    return withMade(parsed, this.#made);
  }

  completion() {
    return completion(this.#relay);
  }

  prepare(): void {
    // No caller waits for an output.
  }

  reply(execution: RunningExecution): undefined {
    this.#ended(execution, this);
  }
}
