import type { Clock } from "../core/clock.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Rates } from "../resilience/rate-limit.ts";
import type { ChildSpan, Criticality } from "./execution.ts";

/** An object with a lifetime that actions use, such as a client or a mailer. Each app creates it once, at its start. */
export interface Resource<T> {
  readonly kind: "resource";
  readonly name: string;
  readonly spec: ResourceSpec<T> | undefined;
}

/** How an app creates a resource at its start and disposes of it at its stop. */
export interface ResourceSpec<T> {
  /** Creates the value at the start of the app. If it rejects, the app does not start. */
  create(host: ResourceHost): T | Promise<T>;
  /** Disposes of the value when the app stops. */
  dispose?(value: T): void | Promise<void>;
  /**
   * Makes what one execution gets in its scope, so that calls carry its deadline, signal and trace. It is called for each execution: cheap, and it throws nothing.
   * *Default*: each execution gets the one value itself.
   */
  bind?(value: T, caller: ResourceCaller): T;
}

/** What an app gives to those of its resources that ask for it. */
export interface ResourceHost {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The name of the app, for other services. *Default*: outside of an app, none. */
  readonly service?: string;
  /** Opens a rate that is counted where the app counts its own, or quotas that are learnt together there; the name is the resource's. *Default*: outside of an app, none. */
  readonly rates?: Pick<Rates, "limiter" | "quotas">;
}

/** The execution that uses a resource: what its calls carry on, and where their time goes. */
export interface ResourceCaller {
  /** Aborts when the execution ends. Made when it is first read. */
  readonly signal: AbortSignal;
  /** The peer's address, as `trustProxy` resolves it; undefined for calls in this process, and for tasks. */
  readonly address: string | undefined;
  /** The deadline of the execution. *Units*: milliseconds of the clock's monotonic time. */
  readonly deadlineAt: number;
  readonly criticality: Criticality;
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** The caller's `tracestate`, as it came. */
  readonly traceState: string | undefined;
  /** 16 hexadecimal digits, of a span that is to be added. */
  newSpanId(): string;
  /** Adds a span to the execution; `startedAt`: in the clock's monotonic time. *Bounds*: as of any span. */
  addSpan(span: Omit<ChildSpan, "startMs">, startedAt: number): void;
  /** From here on the execution waits for this upstream, until `upstreamLeaves`. Calls at once count their time once. */
  upstreamEnters(name: string): void;
  upstreamLeaves(name: string): void;
  /** Puts facts on the wide event, as `scope.note` does. */
  note(notes: Readonly<Record<string, unknown>>): void;
  /** Watches a promise that the handler must await before it returns. */
  given<T>(name: string, work: Promise<T>): Promise<T>;
  /** Throws what ended the execution, if it has ended. */
  throwIfSettled(): void;
}

/** The resources that an action or a task uses, by the names that they have in its scope. */
// biome-ignore lint/suspicious/noExplicitAny: a record of resources of any kind; Used<U> restores each type.
export type Uses = Readonly<Record<string, Resource<any>>>;

/** What a scope receives for a `uses` record. */
export type Used<U extends Uses> = { readonly [K in keyof U]: U[K] extends Resource<infer T> ? T : never };

/**
 * Declares a resource; an operation gets it by `uses`. Without `create`, the app needs a value in `provide`, and does not start without one.
 * @example const mailer = resource("mailer", { create: () => smtp(url), dispose: (m) => m.close() });
 * @example const tokens = resource<JwtIssuer>("identity.tokens");   // createApp({ provide: [override(tokens, jwtIssuer({ … }))], … })
 */
export function resource<T>(name: string, spec?: ResourceSpec<T>): Resource<T> {
  return { kind: "resource", name, spec };
}

/** A resource and the value that replaces it. */
export interface Override {
  readonly kind: "override";
  readonly resource: Resource<unknown>;
  readonly value: unknown;
}

/**
 * Replaces a resource by a value or by another resource, in tests and where the app is created. A value is used as it is; a resource is created, bound and
 * disposed of as if it had been declared there.
 * @example createApp({ provide: [override(mailer, fakeMailer), override(prices, httpClient("prices", { baseUrl, timeout: "300ms" }))] })
 */
export function override<T>(resource: Resource<T>, value: NoInfer<T> | Resource<NoInfer<T>>): Override {
  return { kind: "override", resource: resource as Resource<unknown>, value };
}
