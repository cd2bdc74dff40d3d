import { type Clock, systemClock } from "../../../core/clock.ts";
import { Fault } from "../../../core/fault.ts";
import { LoadLine } from "../../../core/load-line/load-line.ts";
import { loadLines } from "../../../core/load-line/load-lines.ts";
import { Signal } from "../../../core/signals.ts";
import type { Call } from "../call/call.ts";
import { Policy, type Work } from "../policy.ts";
import { type QuotaLesson, type ReadHeader, readQuotaHeaders } from "./lesson.ts";
import { MemoryQuotas, type QuotaStore } from "./store.ts";

/** Where quotas are learnt from and kept. */
export interface QuotaOptions {
  /** Reads a lesson from what the work returned or threw. *Default*: the headers of a reply such as that of `fetch`; `retryAfterMs` of `resource_exhausted`. */
  readonly read?: (outcome: unknown, nowMs: number) => QuotaLesson | undefined;
  /** *Default*: in the policy of an `httpClient`, what the rates of the app share with other processes; otherwise the memory of this process. */
  readonly store?: QuotaStore;
  readonly clock?: Clock;
}

/** A reply taught something. */
export interface QuotaLearnt extends QuotaLesson {
  readonly key: string;
}

/**
 * Learns the callee's quota from its replies, and makes no call that would exceed it. Each `callee`, and without one each `key`, has a quota of its own: `run(work, { key })`.
 * *Guarantees*: those of the store; it never waits.
 * *Faults thrown*: `resource_exhausted` of type `upstream_quota`, with the time to come back, which a retry around it honours.
 * *Source*: draft-ietf-httpapi-ratelimit-headers, RFC 9110.
 * @example quota().run(({ signal }) => fetch(url, { signal }), { key: "github" })
 */
export function quota(options: QuotaOptions = {}): Quota {
  return new Quota({
    read: options.read ?? readOutcome,
    store: options.store,
    clock: options.clock ?? systemClock,
  });
}

type Settings = Required<Omit<QuotaOptions, "store">> & { readonly store: QuotaStore | undefined };

/** The policy that {@link quota} makes. */
export class Quota extends Policy<"once", never> {
  readonly learnt = new Signal<QuotaLearnt>("quota.learnt");
  readonly #options: Settings;
  #store: QuotaStore;
  readonly #line = new LoadLine({
    ...{ name: "quota", unit: "calls" },
    learnt: () => this.#store.reading?.().limit,
    phase: () => this.#store.reading?.().phase,
  });
  readonly #usedUp = this.#line.reason("used_up");

  constructor(options: Settings) {
    super();
    this.#options = options;
    this.#store = options.store ?? new MemoryQuotas();
  }

  /** Learns together with other processes, where no store was given and there is one. Before the first call. */
  share(open: () => QuotaStore | undefined): void {
    if (this.#options.store === undefined) this.#store = open() ?? this.#store;
  }

  override get [loadLines](): readonly LoadLine[] {
    return [this.#line];
  }

  async around<T>(work: Work<T>, call: Call): Promise<T> {
    const { clock } = this.#options;
    if (this.#line.mode === "off") return await work(call);
    const waitMs = this.#store.take(call.callee, clock.monotonic());
    if (waitMs > 0 && this.#line.refuses(this.#usedUp)) throw refusal(call.callee, Math.ceil(waitMs));
    this.#line.admits(0);
    try {
      const value = await work(call);
      this.#learn(call.callee, value);
      return value;
    } catch (thrown) {
      this.#learn(call.callee, thrown);
      throw thrown;
    }
  }

  #learn(key: string, outcome: unknown): void {
    const { read, clock } = this.#options;
    const lesson = read(outcome, clock.now());
    if (lesson === undefined) return;
    this.#store.teach(key, lesson, clock.monotonic());
    if (this.learnt.hasListeners) this.learnt.publish({ key, ...lesson });
  }
}

function refusal(key: string, retryAfterMs: number): Fault {
  return new Fault({
    code: "resource_exhausted",
    type: "upstream_quota",
    // It is the quota of this service, and not that of its caller.
    status: 503,
    message: `The quota of the callee is used up for another ${retryAfterMs} ms. Come back then.`,
    details: { key, retryAfterMs },
    retryAfterMs,
  });
}

/** A reply with headers, whether it was returned or thrown, or the `response` of what was thrown; otherwise a fault. */
function readOutcome(outcome: unknown, nowMs: number): QuotaLesson | undefined {
  if (typeof outcome !== "object" || outcome === null) return undefined;
  const { headers, response } = outcome as Readonly<Record<string, unknown>>;
  const header = headerOf(headers) ?? headerOf((response as { readonly headers?: unknown } | null | undefined)?.headers);
  if (header !== undefined) return readQuotaHeaders(header, nowMs);
  if (!(outcome instanceof Fault) || outcome.code !== "resource_exhausted") return undefined;
  return outcome.retryAfterMs === undefined ? undefined : { retryAfterMs: Math.max(0, outcome.retryAfterMs) };
}

function headerOf(headers: unknown): ReadHeader | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  if (headers instanceof Headers) return (name) => headers.get(name) ?? undefined;
  return (name) => {
    const value: unknown = (headers as Readonly<Record<string, unknown>>)[name];
    return typeof value === "string" ? value : undefined;
  };
}
