import { Fault } from "../../core/fault.ts";
import { parseTraceparent, type TraceParent } from "../../core/trace.ts";
import type { Actor } from "../../operation/actor.ts";
import type { HandledEvent } from "../../operation/events/subscription.ts";
import type { Statement } from "../../operation/transaction.ts";
import { readStored, Unreadable } from "../../pipeline/events/stored.ts";
import { invalidInput } from "../../pipeline/faults.ts";
import type { Attempt, Invocation } from "../../pipeline/state/invocation.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import { type SubscriptionDefinition, sentName } from "../definition.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import { positionText } from "../position.ts";

/** One attempt to handle an event, on the way of every request: as the system, on behalf of who emitted it. */
export class EventInvocation implements Invocation, Attempt {
  readonly surface = "event";
  readonly address = undefined;
  readonly remainingMs = undefined;
  readonly requestId: string;
  readonly key: string;
  readonly attempt: number;
  readonly event: HandledEvent;
  committed = false;
  execution: RunningExecution | undefined = undefined;
  #data: unknown = undefined;
  readonly #stored: StoredEvent;
  readonly #run: {
    readonly definition: SubscriptionDefinition;
    readonly attempt: number;
    readonly completion: () => Statement;
    readonly ended: (invocation: EventInvocation, fault: Fault | undefined) => void;
  };

  constructor(
    stored: StoredEvent,
    run: {
      readonly definition: SubscriptionDefinition;
      readonly attempt: number;
      readonly completion: () => Statement;
      readonly ended: (invocation: EventInvocation, fault: Fault | undefined) => void;
    },
  ) {
    const { id, name, key, recordedAt, tenant, actor, causation, correlation, trace } = stored;
    // That of the data which the handler gets.
    const version = run.definition.eventOf(stored)?.event.version ?? stored.version;
    this.#stored = stored;
    this.#run = run;
    this.attempt = run.attempt;
    this.requestId = id;
    this.key = `${run.definition.name}:${id}`;
    this.event = {
      ...{ id, name: sentName(name), version, key, recordedAt: new Date(recordedAt), position: positionText(stored) },
      ...{ tenant: tenant ?? undefined, actor: actor ?? undefined, traceparent: trace ?? undefined },
      ...{ causation: causation ?? undefined, correlation: correlation ?? undefined },
    };
  }

  get durable(): Attempt {
    return this;
  }
  get tenant(): string | undefined {
    return this.#stored.tenant ?? undefined;
  }
  get idempotencyKey(): string {
    return this.key;
  }
  get correlation(): string {
    return this.#stored.correlation ?? this.#stored.id;
  }
  get trace(): TraceParent | undefined {
    const { trace } = this.#stored;
    return trace === null ? undefined : parseTraceparent(trace);
  }

  authenticate(): Actor {
    const { tenant } = this;
    return { id: this.#stored.actor ?? "system", kind: "system", roles: ["system"], tenant, claims: { tid: tenant } };
  }

  readInput(execution: RunningExecution): undefined {
    const { name, version, data } = this.#stored;
    const known = this.#run.definition.eventOf(this.#stored);
    if (known === undefined) throw unknownVersion(sentName(name), version);
    const parsed = readStored(known, version, data);
    if (parsed instanceof Unreadable) throw invalidInput(parsed.problems.list, parsed.problems.more);
    this.#data = parsed;
    execution.input = parsed;
  }

  sameInput(): unknown {
    return this.#data;
  }

  completion(): Statement {
    return this.#run.completion();
  }

  prepare(): void {}

  reply({ fault }: RunningExecution): undefined {
    this.#run.ended(this, this.committed ? undefined : fault);
  }
}

const unknownVersion = (name: string, version: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "event_unknown",
    message: `The code of the subscription does not know version ${version} of ${name}. Add that version to its "on", and retry the event.`,
  });
