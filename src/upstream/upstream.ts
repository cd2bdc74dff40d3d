import type { Pool } from "undici";
import type { Clock } from "../core/clock.ts";
import { type DeadlineWheel, sharedWheel } from "../core/deadline.ts";
import { limits } from "../core/limits.ts";
import type { LoadLine } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import { enter } from "../core/queue/enter.ts";
import { FixedLimit } from "../core/queue/limit.ts";
import { InOrder } from "../core/queue/turns.ts";
import type { ResourceHost } from "../operation/resource.ts";
import type { Call } from "../resilience/policies/call/call.ts";
import { Fallback } from "../resilience/policies/fallback.ts";
import { Quota } from "../resilience/policies/quota/quota.ts";
import { SingleFlight } from "../resilience/policies/single-flight.ts";
import { UpstreamBounds } from "./bounds.ts";
import { openPool } from "./connection/pool.ts";
import { Exchange } from "./exchange/exchange.ts";
import type { RawReply } from "./exchange/raw-reply.ts";
import { queueFull, timedOut } from "./faults.ts";
import { UpstreamMeasures } from "./measures.ts";
import type { Settings } from "./options.ts";
import type { Prepared } from "./request/prepare.ts";

/** One attempt that is to be made. *Units*: monotonic milliseconds. */
export interface Attempt {
  readonly prepared: Prepared;
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** Headers of this attempt alone, names and values in turn; `remainingMs` is what is left when it is sent. */
  headers(remainingMs: number): readonly string[];
}

/** One upstream of an app: its connections, and what all requests to it share. */
export class Upstream {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly measures: UpstreamMeasures;
  /** Whether a policy keeps something for each key. */
  readonly hasKeys: boolean;
  readonly #wheel: DeadlineWheel;
  readonly #pool: Pool;
  readonly #queuedAbort: symbol;
  readonly #places: BoundedQueue<QueuedWaiter>;
  readonly #bounds: UpstreamBounds;

  /** *Faults thrown*: `failed_precondition` where it cannot work. */
  constructor(settings: Settings, { clock, metrics, rates }: ResourceHost) {
    this.settings = settings;
    this.clock = clock;
    this.#wheel = sharedWheel(clock);
    const { connections, queue, policy } = settings;
    const { pool, queuedAbort } = openPool(settings.upstream, settings);
    this.#pool = pool;
    this.#queuedAbort = queuedAbort;
    this.#bounds = new UpstreamBounds(this, settings);
    const [line] = this.#bounds.lines;
    this.#places = new BoundedQueue({ limit: new FixedLimit(connections), queue, turns: new InOrder(), line });
    this.hasKeys = policy?.parts.some((part) => part instanceof Fallback || part instanceof SingleFlight) ?? false;
    for (const [index, part] of (policy?.parts ?? []).filter((one) => one instanceof Quota).entries())
      part.share(() => rates?.quotas?.(`${settings.upstream}${index === 0 ? "" : ` ${index + 1}`}`));
    for (const line of policy?.[loadLines] ?? []) line.nameUnder(`upstream ${settings.upstream}`);
    this.measures = new UpstreamMeasures(metrics, this);
  }

  get name(): string {
    return this.settings.upstream;
  }
  get policy() {
    return this.settings.policy;
  }
  /** Requests that hold a connection. */
  get running(): number {
    return this.#places.running;
  }
  /** Requests that wait for one. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** What is listed among the limits of the app: its own limits and those of its policy. */
  get lines(): readonly LoadLine[] {
    return [...this.#bounds.lines, ...(this.policy?.[loadLines] ?? [])];
  }

  /** Sends a request over one connection. *Faults thrown*: those of the way; a status is none. */
  async send(attempt: Attempt, call: Call): Promise<RawReply> {
    if (call.scope.aborted) throw call.scope.reason;
    if (!this.#places.tryEnter()) await this.#wait(attempt, call);
    return this.#dispatch(attempt, call);
  }

  async close(): Promise<void> {
    this.measures.close();
    await this.#pool.destroy();
  }

  #dispatch({ prepared, startedAt, deadlineAt, headers }: Attempt, call: Call): Promise<RawReply> {
    const { upstream, replyBytes, replyHeaderBytes } = this.settings;
    const { method, target, body } = prepared;
    const remainingMs = deadlineAt - this.clock.monotonic();
    if (remainingMs <= 0) {
      this.#places.leave();
      throw timedOut(upstream, { afterMs: deadlineAt - startedAt, phase: "queued" });
    }
    return new Promise((resolve, reject) => {
      const sizes = { replyBytes, replyHeaderBytes, drainBytes: limits.upstreamDrainBytes, keepsRefusal: prepared.refused !== undefined };
      const bounds = { upstream, startedAt, deadlineAt, ...sizes };
      const ends = { resolve, reject, onClosed: () => this.#places.leave() };
      const exchange = new Exchange(bounds, { call, wheel: this.#wheel, ends });
      exchange.begin();
      try {
        const options = { path: target, method, headers: [...prepared.headers, ...headers(remainingMs)], body: body ?? null };
        this.#pool.dispatch(
          { ...options, [this.#queuedAbort]: (leave: (reason: Error) => void) => exchange.onQueued(leave) } as typeof options,
          exchange,
        );
      } catch (error) {
        exchange.refuse(error);
      }
    });
  }

  async #wait({ startedAt, deadlineAt }: Attempt, call: Call): Promise<void> {
    const { upstream } = this.settings;
    const waitMs = deadlineAt - this.clock.monotonic();
    switch (await enter(this.#places, { waitMs, clock: this.clock, signal: call.signal })) {
      case "full":
        this.#bounds.full();
        throw queueFull(upstream, { running: this.running, waiting: this.waiting });
      case "late":
        this.#bounds.late();
        throw timedOut(upstream, { afterMs: deadlineAt - startedAt, phase: "queued" });
      case "aborted":
        throw call.scope.reason;
    }
  }
}
