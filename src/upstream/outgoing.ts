import { Fault } from "../core/fault.ts";
import { formatTraceparent } from "../core/trace.ts";
import { criticalityHeader } from "../operation/execution.ts";
import type { ResourceCaller } from "../operation/resource.ts";
import { Call, type CallWatch } from "../resilience/policies/call/call.ts";
import type { Degraded, Retried } from "../resilience/policies/call/facts.ts";
import { type GoodReply, readReply } from "./exchange/read-reply.ts";
import { keyOf, type Prepared } from "./request/prepare.ts";
import type { HttpReply } from "./request/request.ts";
import type { Upstream } from "./upstream.ts";

/** Whose request it is. */
export interface OutgoingOptions {
  readonly caller: ResourceCaller | undefined;
  readonly signal: AbortSignal | undefined;
  readonly within: Call | undefined;
  readonly onAttempt: ((outcome: string) => void) | undefined;
}

/** One request of one caller: all its attempts, and what they leave on the execution, the metrics and the trace. */
export class Outgoing implements CallWatch {
  readonly #upstream: Upstream;
  readonly #prepared: Prepared;
  readonly #caller: ResourceCaller | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #within: Call | undefined;
  readonly #onAttempt: ((outcome: string) => void) | undefined;
  readonly #spanId: string | undefined;
  #attempts = 0;
  #degraded: Degraded | undefined;

  constructor(upstream: Upstream, prepared: Prepared, { caller, signal, within, onAttempt }: OutgoingOptions) {
    this.#upstream = upstream;
    this.#prepared = prepared;
    this.#caller = caller;
    this.#signal = signal;
    this.#within = within;
    this.#onAttempt = onAttempt;
    // Attempts stand below a span of the request where there may be more than one, or none.
    this.#spanId = upstream.policy === undefined ? undefined : caller?.newSpanId();
  }

  async run(): Promise<HttpReply<unknown>> {
    const { name, policy, clock, measures } = this.#upstream;
    const caller = this.#caller;
    caller?.throwIfSettled();
    const startedAt = clock.monotonic();
    let outcome = "ok";
    caller?.upstreamEnters(name);
    try {
      const call = this.#begin();
      const value = policy === undefined ? await this.#attempt(call) : await policy.around((inner) => this.#attempt(inner), call);
      if (this.#degraded !== undefined) outcome = "degraded";
      return this.#replyOf(value);
    } catch (thrown) {
      outcome = outcomeOf(thrown);
      throw thrown;
    } finally {
      caller?.upstreamLeaves(name);
      measures.request(outcome);
      this.#addSpan(startedAt, outcome);
    }
  }

  degraded(fact: Degraded): void {
    this.#degraded = fact;
    this.#upstream.measures.degraded(fact.source);
    this.#caller?.note({ [`degraded.${this.#upstream.name}`]: fact.source });
  }

  retried({ decision }: Retried): void {
    this.#upstream.measures.retry(decision);
  }

  #begin(): Call {
    const caller = this.#caller;
    const { name, hasKeys } = this.#upstream;
    const [own, given] = [caller?.signal, this.#signal];
    const signal = own !== undefined && given !== undefined ? AbortSignal.any([own, given]) : (own ?? given);
    return Call.begin({
      ...{ callee: name, key: hasKeys ? keyOf(this.#prepared) : "", watch: this },
      ...(signal !== undefined && { signal }),
      ...(this.#within !== undefined && { within: this.#within }),
      ...(caller !== undefined && { deadlineAt: caller.deadlineAt }),
    });
  }

  async #attempt(call: Call): Promise<GoodReply> {
    const { clock, measures, name } = this.#upstream;
    const { form, refused, timeoutMs } = this.#prepared;
    const number = ++this.#attempts;
    const startedAt = clock.monotonic();
    const deadlineAt = Math.min(startedAt + timeoutMs, call.deadlineAt);
    const spanId = this.#caller?.newSpanId() ?? "";
    const headers = (remainingMs: number) => this.#headers(spanId, remainingMs);
    let [outcome, status] = ["ok", 0];
    try {
      const raw = await this.#upstream.send({ prepared: this.#prepared, startedAt, deadlineAt, headers }, call);
      status = raw.status;
      return readReply(name, raw, { form, refused, nowMs: clock.now() });
    } catch (thrown) {
      outcome = outcomeOf(thrown);
      throw thrown;
    } finally {
      measures.attempt(outcome, clock.monotonic() - startedAt);
      this.#onAttempt?.(outcome);
      this.#addAttemptSpan({ spanId, startedAt, outcome, status, number });
    }
  }

  /** What this attempt alone sends. */
  #headers(spanId: string, remainingMs: number): readonly string[] {
    const caller = this.#caller;
    if (!this.#upstream.settings.propagates) return [];
    const headers = ["request-timeout-ms", String(Math.max(1, Math.floor(remainingMs)))];
    if (caller === undefined) return headers;
    const { traceId, sampled, traceState, criticality } = caller;
    headers.push("traceparent", formatTraceparent({ traceId, spanId, sampled }), criticalityHeader, criticality);
    if (traceState !== undefined) headers.push("tracestate", traceState);
    return headers;
  }

  #replyOf(value: unknown): HttpReply<unknown> {
    const attempts = this.#attempts;
    const degraded = this.#degraded && { source: this.#degraded.source, ageMs: this.#degraded.ageMs };
    if (degraded?.source === "declared") return { status: 0, headers: {}, body: value, degraded, attempts };
    return { ...(value as GoodReply), degraded, attempts };
  }

  #addSpan(startedAt: number, outcome: string): void {
    if (this.#caller === undefined || this.#spanId === undefined) return;
    const { name, clock } = this.#upstream;
    const failed = outcome !== "ok" && outcome !== "degraded";
    this.#caller.addSpan(
      {
        ...{ name: `upstream ${name}`, kind: "internal", spanId: this.#spanId, parentSpanId: this.#caller.spanId },
        ...{ durationMs: clock.monotonic() - startedAt, failed },
        attributes: {
          ...{ "plimsoll.upstream": name, "plimsoll.upstream.attempts": this.#attempts },
          ...(this.#degraded !== undefined && { "plimsoll.degraded": this.#degraded.source }),
          ...(failed && { "error.type": outcome }),
        },
      },
      startedAt,
    );
  }

  #addAttemptSpan({ spanId, startedAt, outcome, status, number }: AttemptSpan): void {
    const caller = this.#caller;
    if (caller === undefined) return;
    const { name, clock, settings } = this.#upstream;
    const { method, template } = this.#prepared;
    const failed = outcome !== "ok";
    caller.addSpan(
      {
        ...{ name: `${method} ${template}`, kind: "client", spanId, parentSpanId: this.#spanId ?? caller.spanId },
        ...{ durationMs: clock.monotonic() - startedAt, failed },
        attributes: {
          ...{ "plimsoll.upstream": name, "http.request.method": method, "url.template": template },
          ...{ "server.address": settings.base.hostname, "server.port": settings.base.port },
          ...(status !== 0 && { "http.response.status_code": status }),
          ...(number > 1 && { "http.request.resend_count": number - 1 }),
          ...(failed && { "error.type": outcome }),
        },
      },
      startedAt,
    );
  }
}

interface AttemptSpan {
  readonly spanId: string;
  readonly startedAt: number;
  readonly outcome: string;
  readonly status: number;
  readonly number: number;
}

function outcomeOf(thrown: unknown): string {
  return thrown instanceof Fault ? thrown.type : "error";
}
