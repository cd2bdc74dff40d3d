import assert from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  type ContextManager,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanAttributes,
  type SpanAttributeValue,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TextMapPropagator,
  type TimeInput,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { formatTraceparent, parseTraceparent, TraceIds } from "../../core/trace.ts";
import { anyJson, tooLong } from "../../core/value/any-json.ts";
import { entriesOf, messageOf, readThrown } from "../../core/value/thrown.ts";
import type { ActiveExecution, TelemetrySink, TelemetrySources } from "../../operation/telemetry.ts";
import type { OtelApiOptions } from "./api.ts";

/** The sink behind `otelApi`, in a module of its own: `@opentelemetry/api` is loaded only if an app uses it. */
export function otelBridge(options: OtelApiOptions): Required<Omit<TelemetrySink, "sample" | "expose">> {
  const { tracer = "plimsoll" } = options;
  let ids: TraceIds | undefined;
  let registered = false;
  return {
    name: "otel-api",
    attach({ clock }: TelemetrySources): void {
      assert(ids === undefined, "otelApi() already belongs to another app. Create one for each app.");
      ids = new TraceIds(clock);
      if (tracer === "sdk") return;
      register(ids);
      registered = true;
    },
    around(active, run) {
      assert(ids !== undefined, "otelApi() is attached before the first execution.");
      return contextApi.with(trace.setSpan(contextApi.active(), new ExecutionSpan(active)), run);
    },
    async stop(): Promise<void> {
      if (!registered) return;
      registered = false;
      for (const api of [contextApi, trace, propagation]) api.disable();
    },
  };
}

function register(ids: TraceIds): void {
  const tracer = new BridgeTracer(ids);
  if (!contextApi.setGlobalContextManager(new AsyncContextManager())) throw taken("context manager");
  if (!trace.setGlobalTracerProvider({ getTracer: () => tracer })) {
    contextApi.disable();
    throw taken("tracer provider");
  }
  // If the user has registered a propagator, this call does nothing and theirs stays.
  propagation.setGlobalPropagator(traceContext);
}

function taken(what: string): Fault {
  const message = `Another ${what} is registered with @opentelemetry/api. Write otelApi({ tracer: "sdk" }) to work with it, or do not register it.`;
  return new Fault({ code: "failed_precondition", type: "otel_api_taken", message });
}

class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.call(thisArg as ThisParameterType<F>, ...args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== "function") return target;
    const storage = this.#storage;
    return function bound(this: unknown, ...args: unknown[]) {
      return storage.run(context, () => target.apply(this, args));
    } as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}

/** The execution itself, as a library sees it: what happens to it is decided by its outcome, so only its attributes can be set. */
class ExecutionSpan implements Span {
  readonly active: ActiveExecution;

  constructor(active: ActiveExecution) {
    this.active = active;
  }

  spanContext(): SpanContext {
    return { traceId: this.active.traceId, spanId: this.active.spanId, traceFlags: this.active.sampled ? 1 : 0 };
  }
  setAttribute(key: string, value: SpanAttributeValue): this {
    this.active.note?.({ [key]: value });
    return this;
  }
  setAttributes(attributes: SpanAttributes): this {
    this.active.note?.(attributes);
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(_status: SpanStatus): this {
    return this;
  }
  updateName(_name: string): this {
    return this;
  }
  end(): void {}
  isRecording(): boolean {
    return true;
  }
  recordException(): void {}
}

/** A span that a library started inside an execution; when it ends it becomes one of the execution's child spans. */
class LibrarySpan extends ExecutionSpan {
  readonly #spanId: string;
  readonly #parentSpanId: string;
  readonly #kind: "internal" | "client";
  readonly #attributes: Record<string, string | number | boolean> = {};
  readonly #startMs: number;
  #name: string;
  #failed = false;
  #ended = false;

  constructor(
    active: ActiveExecution,
    ids: { readonly spanId: string; readonly parentSpanId: string },
    span: SpanOptions & { readonly name: string },
  ) {
    super(active);
    this.#spanId = ids.spanId;
    this.#parentSpanId = ids.parentSpanId;
    this.#name = messageOf(span.name);
    this.#kind = span.kind === SpanKind.CLIENT || span.kind === SpanKind.PRODUCER ? "client" : "internal";
    this.#startMs = elapsedAt(active, span.startTime);
    if (span.attributes !== undefined) this.setAttributes(span.attributes);
  }

  override spanContext(): SpanContext {
    return { traceId: this.active.traceId, spanId: this.#spanId, traceFlags: this.active.sampled ? 1 : 0 };
  }
  override setAttribute(key: string, value: SpanAttributeValue): this {
    const attributes = this.#attributes;
    if (this.#ended || (!Object.hasOwn(attributes, key) && Object.keys(attributes).length >= limits.notes)) return this;
    if (typeof value === "number" || typeof value === "boolean") attributes[key] = value;
    else attributes[key] = attributeText(value).slice(0, limits.noteChars);
    return this;
  }
  override setAttributes(attributes: SpanAttributes): this {
    for (const [key, value] of entriesOf(attributes)) {
      if (value !== undefined && value !== null) this.setAttribute(key, value as SpanAttributeValue);
    }
    return this;
  }
  override setStatus(status: SpanStatus): this {
    this.#failed = status.code === SpanStatusCode.ERROR;
    return this;
  }
  override updateName(name: string): this {
    this.#name = messageOf(name);
    return this;
  }
  override recordException(exception?: unknown): void {
    const { name, message } = readThrown(exception);
    if (name !== undefined) this.setAttributes({ "exception.type": name, "exception.message": message });
  }
  override isRecording(): boolean {
    return !this.#ended;
  }
  override end(endTime?: TimeInput): void {
    if (this.#ended) return;
    this.#ended = true;
    this.active.addSpan({
      name: this.#name,
      spanId: this.#spanId,
      parentSpanId: this.#parentSpanId,
      startMs: this.#startMs,
      durationMs: Math.max(0, elapsedAt(this.active, endTime) - this.#startMs),
      kind: this.#kind,
      attributes: this.#attributes,
      failed: this.#failed,
    });
  }
}

/** Reads the API's times: `[seconds, nanos]`, a Date, milliseconds since the epoch or of `performance.now()`. */
function elapsedAt(active: ActiveExecution, time: TimeInput | undefined): number {
  if (time === undefined) return active.elapsedMs();
  if (Array.isArray(time)) return time[0] * 1_000 + time[1] / 1e6 - active.startedAt;
  const ms = typeof time === "number" ? time : time.getTime();
  // A number before the start of the process can only be a time of performance.now().
  return (ms < performance.timeOrigin ? ms + performance.timeOrigin : ms) - active.startedAt;
}

/** Whatever a library gives for a value: telling it fails nothing. */
function attributeText(value: unknown): string {
  if (typeof value === "string") return value;
  const text = anyJson(value, { room: limits.noteChars });
  return typeof text === "string" ? text : messageOf(text === tooLong ? "[too long]" : value);
}

class BridgeTracer implements Tracer {
  readonly #ids: TraceIds;

  constructor(ids: TraceIds) {
    this.#ids = ids;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = contextApi.active()): Span {
    const parent = options.root === true ? undefined : trace.getSpan(context);
    // Outside an execution there is no wide event that a span could belong to.
    if (!(parent instanceof ExecutionSpan)) return trace.wrapSpanContext(parent?.spanContext() ?? INVALID_SPAN_CONTEXT);
    const ids = { spanId: this.#ids.spanId(), parentSpanId: parent.spanContext().spanId };
    return new LibrarySpan(parent.active, ids, { ...options, name });
  }

  startActiveSpan<F extends (span: Span) => ReturnType<F>>(name: string, ...rest: unknown[]): ReturnType<F> {
    const fn = rest.at(-1) as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : undefined;
    const context = rest.length > 2 ? (rest[1] as Context) : contextApi.active();
    const span = this.startSpan(name, options, context);
    return contextApi.with(trace.setSpan(context, span), fn, undefined, span);
  }
}

/** *Source*: W3C Trace Context. */
const traceContext: TextMapPropagator = {
  inject(context, carrier, setter) {
    const span = trace.getSpanContext(context);
    if (span === undefined || !trace.isSpanContextValid(span)) return;
    setter.set(carrier, "traceparent", formatTraceparent({ ...span, sampled: (span.traceFlags & 1) === 1 }));
  },
  extract(context, carrier, getter) {
    const header = getter.get(carrier, "traceparent");
    const parent = typeof header === "string" ? parseTraceparent(header) : undefined;
    if (parent === undefined) return context;
    const { traceId, parentSpanId, sampled } = parent;
    return trace.setSpanContext(context, { traceId, spanId: parentSpanId, traceFlags: sampled ? 1 : 0, isRemote: true });
  },
  fields: () => ["traceparent"],
};
