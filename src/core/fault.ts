import { type Code, codes } from "./code.ts";
import type { AnySchema, Output, Schema } from "./schema.ts";

/** What a {@link Fault} is made of. */
export interface FaultInit<D = unknown> {
  /** The canonical code; it decides status, retry, breaker and log level. */
  readonly code: Code;
  /** A stable name in snake_case by which callers tell faults of one code apart. *Default*: the code. */
  readonly type?: string;
  /** One or two sentences for the caller: what happened and what to do next. */
  readonly message: string;
  readonly details?: D;
  readonly cause?: unknown;
  /** When it is worth trying again. *Units*: milliseconds. */
  readonly retryAfterMs?: number;
  /** The HTTP status where the field has a better word than the code's own (412, 413, 422 …). */
  readonly status?: number;
}

/**
 * An expected failure: it has a code, and callers may see its message and details.
 * Whatever else is thrown is a bug and leaves as `internal`, its message hidden.
 */
export class Fault<D = unknown> extends Error {
  readonly code: Code;
  readonly type: string;
  readonly details: D;
  readonly retryAfterMs: number | undefined;
  readonly status: number;

  constructor(init: FaultInit<D>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "Fault";
    this.code = init.code;
    this.type = init.type ?? init.code;
    this.details = init.details as D;
    this.retryAfterMs = init.retryAfterMs;
    this.status = init.status ?? codes[init.code].http;
  }
}

/** How {@link fault} describes a kind of fault. */
export interface FaultSpec<S extends AnySchema> {
  readonly code: Code;
  readonly details?: S;
  /** Written for the caller; *values* come from the details. */
  readonly message: string | ((details: Output<S>) => string);
  readonly retryAfterMs?: number;
  readonly status?: number;
}

/** A declared kind of fault: listed in an operation's `faults`, thrown with {@link fail}. */
export interface FaultClass<D> {
  new (details: D, cause?: unknown): Fault<D>;
  readonly type: string;
  readonly code: Code;
  readonly status: number;
  readonly schema: Schema | undefined;
}

/**
 * Declares a kind of fault that operations can list and callers can tell apart.
 * @example
 * const OrderClosed = fault("order_closed", {
 *   code: "failed_precondition", details: z.object({ orderId: z.string() }), message: ({ orderId }) => `Order ${orderId} is closed.`,
 * });
 */
export function fault<S extends AnySchema = Schema<Record<never, never>>>(type: string, spec: FaultSpec<S>): FaultClass<Output<S>> {
  const status = spec.status ?? codes[spec.code].http;
  return class DeclaredFault extends Fault<Output<S>> {
    static readonly type = type;
    static readonly code = spec.code;
    static readonly status = status;
    static readonly schema = spec.details as Schema | undefined;
    constructor(details: Output<S>, cause?: unknown) {
      super({
        code: spec.code,
        type,
        details,
        status,
        cause,
        message: typeof spec.message === "string" ? spec.message : spec.message(details),
        ...(spec.retryAfterMs === undefined ? {} : { retryAfterMs: spec.retryAfterMs }),
      });
    }
  };
}

/**
 * Ends the operation with a declared fault.
 * @example return row ?? fail(OrderNotFound, { orderId });
 */
export function fail<D>(declared: FaultClass<D>, details: NoInfer<D>, cause?: unknown): never {
  throw new declared(details, cause);
}

/** Reads anything thrown as a fault: a fault is itself, whatever else is a bug and becomes `internal` with the original as its cause. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault({
    code: "internal",
    message: "Something went wrong on our side. It was recorded; please try again later.",
    cause: thrown,
  });
}
