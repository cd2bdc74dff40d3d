import { type Clock, sleep } from "../core/clock.ts";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { isUuid } from "../core/schema/patterns.ts";
import type { AnySchema, Input } from "../core/schema/standard.ts";
import type { Saga } from "../operation/durable/saga.ts";
import type { Signalled, SignalOf, SignalOptions, Signals, Started, SystemStartOptions } from "../operation/durable/start.ts";
import type { Uses } from "../operation/resource.ts";
import { writeNames } from "./body/code.ts";
import { readFault } from "./body/kept-fault.ts";
import type { SagaDefinition } from "./definition.ts";
import type { SagaAdmin, SagaCount, SagaReading, StepReading } from "./ports/admin-store.ts";
import type { SagaSignals } from "./signals.ts";
import { assertSent, unknownSaga } from "./starts/signal.ts";
import type { SagaStarter } from "./starts/starter.ts";
import { isFinal } from "./worker/run.ts";

/** How a saga is started from outside any operation. */
export interface OutsideSagaStart extends Omit<SystemStartOptions, "priority"> {
  /** On whose behalf. */
  readonly actor?: string;
}

/** Sagas that are under way and were started with other code than that of this process. `added`, `removed`: texts of the code, with the names of steps among them. */
export interface SagaChange {
  readonly name: string;
  readonly version: number;
  readonly count: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly verdict: "continues" | "may-stop" | "no-code";
}

/** What controls sagas is made of. */
export interface SagasOptions {
  readonly admin: SagaAdmin;
  readonly clock: Clock;
  readonly starter: SagaStarter;
  readonly definitions: ReadonlyMap<string, SagaDefinition>;
  readonly signals: SagaSignals;
  /** Has the worker of this process look at once. */
  readonly lookNow: () => Promise<number | undefined>;
  /** There may be something to claim, here and in other processes. */
  readonly wake: () => void;
}

const lookMs = 500;

/** The sagas of an app: starts them, shows them, and decides about those that wait for a person. */
export class Sagas {
  readonly signals: SagaSignals;
  readonly #options: SagasOptions;

  constructor(options: SagasOptions) {
    this.#options = options;
    this.signals = options.signals;
  }

  /** Starts a saga, which is durable when this resolves. Calls at the same time share writes. */
  async start<I extends AnySchema, R, U extends Uses>(
    saga: Saga<I, R, U>,
    input: Input<I>,
    { tenant, actor, ...options }: OutsideSagaStart = {},
  ): Promise<Started> {
    const { starter } = this.#options;
    return starter.startRow(starter.rowOf(saga, { input, options, from: { tenant, actorId: actor, traceparent: undefined } }));
  }

  /**
   * Waits until a saga has ended, and returns what its body returned.
   * *Faults thrown*: the fault that it failed with; `not_found` of type `saga_unknown`; `deadline_exceeded` of type `saga_not_ended` after `within`.
   * *Default*: `within` is 30 s.
   */
  async result<I extends AnySchema, R, U extends Uses>(
    saga: Saga<I, R, U>,
    id: string,
    { within = "30s" }: { readonly within?: Duration } = {},
  ): Promise<R> {
    const { clock } = this.#options;
    const until = clock.monotonic() + toMs(within);
    const ended = this.#whenEnded(id);
    try {
      for (let isFirst = true; ; isFirst = false) {
        const pause = Math.min(lookMs, until - clock.monotonic());
        // A saga that was just started ends in this process most often.
        const own = isFirst
          ? await Promise.race([ended.promise, sleep(clock, pause)])
          : await Promise.race([ended.promise, sleep(clock, pause)]);
        if (typeof own === "object") return this.#resultOf(saga.name, own);
        const read = await this.#options.admin.read(id);
        if (read === undefined) throw unknownSaga(id);
        if (read.ended !== null)
          return this.#resultOf(saga.name, { output: read.output ?? undefined, fault: read.fault ?? undefined, state: read.state });
        if (clock.monotonic() >= until) throw notEnded(id, read.state);
      }
    } finally {
      ended.off();
    }
  }

  #whenEnded(id: string) {
    const { promise, resolve } = Promise.withResolvers<{ output: string | undefined; fault: string | undefined; state: string }>();
    const off = this.signals.ended.on((ended) => {
      if (ended.id === id && isFinal(ended.state)) resolve(ended);
    });
    return { promise, off };
  }

  #resultOf<R>(name: string, { output, fault, state }: { output: string | undefined; fault: string | undefined; state: string }): R {
    if (state === "completed") return (output === undefined ? undefined : JSON.parse(output)) as R;
    const declared = this.#options.definitions.get(name)?.compiled.faults ?? new Map();
    throw readFault(fault ?? JSON.stringify({ code: "internal", type: "saga_failed", message: "The saga failed." }), declared);
  }

  /**
   * Sends a signal to a saga, which a step of it waits for, or will wait for. Of two with the same key only the first counts: while it waits,
   * and for `limits.sagaSignalKeyMs` once a step has taken it.
   * *Bounds*: `limits.sagaSignals` may wait for one saga. *Faults thrown*: `invalid_argument` of type `saga_signal_invalid`, which names the fields that the schema
   * refuses; `not_found` of type `saga_unknown`, also for a saga of another name; `failed_precondition` of type `saga_ended`; `resource_exhausted` of type
   * `saga_signals_full`.
   * @example await app.sagas.signal(checkout, id, { name: "approved", payload: { by: "ann" } });
   */
  async signal<S extends Signals>(saga: Signalled<S>, id: string, signal: SignalOf<NoInfer<S>>): Promise<void> {
    const { starter, admin, wake } = this.#options;
    const sent: SignalOptions = signal;
    const payload = starter.signalData(saga, sent);
    if (!isUuid(id)) throw unknownSaga(id);
    assertSent(id, await admin.signal(id, { saga: saga.name, name: sent.name, key: sent.key, payload }));
    wake();
  }

  /**
   * Compares the sagas that are under way with the code of this process, before a deploy: which were started with other code, and what has changed of its steps.
   * `verdict`: `continues`; `may-stop`, where steps were both added and removed, so that one may have a new name; or `no-code`, where no code of this process has
   * their version.
   */
  async check(): Promise<readonly SagaChange[]> {
    const found = await this.#options.admin.byCode();
    return found.flatMap(({ name, version, code, count, names }): readonly SagaChange[] => {
      const body = this.#options.definitions.get(name)?.bodies.get(version);
      if (body === undefined) return [{ name, version, count, added: [], removed: [], verdict: "no-code" as const }];
      if (body.digest === code) return [];
      const before = new Set(names ?? []);
      const now = new Set(writeNames(body.names));
      const renamed = this.#options.definitions.get(name)?.renamed ?? new Map<string, string>();
      const added = [...now].filter((one) => !before.has(one));
      const removed = [...before].filter((one) => !now.has(one));
      const open = added.filter((one) => !renamed.has(one));
      return [
        {
          name,
          version,
          count,
          added,
          removed,
          verdict: open.length > 0 && removed.length > 0 ? ("may-stop" as const) : ("continues" as const),
        },
      ];
    });
  }

  /** How many sagas are under way, by name, version and state. *Bounds*: of the first 10,000. */
  counts(): Promise<readonly SagaCount[]> {
    return this.#options.admin.counts();
  }

  /** The latest sagas, of one name or state where they are given. */
  list({ name, state, limit = 100 }: { readonly name?: string; readonly state?: SagaReading["state"]; readonly limit?: number } = {}) {
    return this.#options.admin.list({ name, state, limit: Math.max(1, Math.min(1_000, Math.floor(limit))) });
  }

  /** One saga with its journal; undefined where there is none. */
  read(id: string): Promise<(SagaReading & { readonly steps: readonly StepReading[] }) | undefined> {
    return this.#options.admin.read(id);
  }

  /** Runs the step again that a suspended saga stopped at; or its undo. Returns whether the saga was suspended. */
  retry(id: string, reason: string): Promise<boolean> {
    return this.#decide(id, "retry", { reason });
  }

  /** Counts the step as done, with this output, that a suspended saga stopped at; or as undone. Returns whether there is one. */
  skip(id: string, reason: string, output?: unknown): Promise<boolean> {
    return this.#decide(id, "skip", { reason, output: output === undefined ? undefined : JSON.stringify(output) });
  }

  /** Undoes the steps of a suspended saga. */
  undo(id: string, reason: string): Promise<boolean> {
    return this.#decide(id, "undo", { reason });
  }

  /** Ends a suspended saga as it is, and undoes nothing. */
  fail(id: string, reason: string): Promise<boolean> {
    return this.#decide(id, "fail", { reason });
  }

  /** Looks for sagas that are due now, without waiting for the next look of the worker. Returns in how many milliseconds the next one is due. */
  lookNow(): Promise<number | undefined> {
    return this.#options.lookNow();
  }

  async #decide(
    id: string,
    decision: Parameters<SagaAdmin["decide"]>[1],
    by: { readonly reason: string; readonly output?: string | undefined },
  ): Promise<boolean> {
    if (by.reason.length === 0 || by.reason.length > limits.loadLineReasonChars)
      throw new Fault({
        code: "invalid_argument",
        type: "reason_invalid",
        message: `Say in 1 to ${limits.loadLineReasonChars} characters why: the reason is kept with the saga.`,
      });
    const done = await this.#options.admin.decide(id, decision, by);
    this.#options.wake();
    return done;
  }
}

const notEnded = (id: string, state: string): Fault =>
  new Fault({
    code: "deadline_exceeded",
    type: "saga_not_ended",
    message: `The saga ${id} has not ended yet: it is ${state}. Wait longer, or look at it with app.sagas.read.`,
  });
