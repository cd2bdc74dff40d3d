import type { Code } from "./code.ts";
import type { AnySchema, Output, Schema } from "./schema/standard.ts";

/** What a {@link Fault} is made of. */
export interface FaultInit<D = unknown> {
  /** The canonical code; it decides retry, breaker and log level, and each surface maps it to a status of its own. */
  readonly code: Code;
  /** A stable name in snake_case by which callers tell faults of one code apart. *Default*: the code. */
  readonly type?: string;
  /** One or two sentences for the caller: what happened and what to do next. */
  readonly message: string;
  readonly details?: D;
  readonly cause?: unknown;
  /** When it is worth trying again. *Units*: milliseconds. */
  readonly retryAfterMs?: number;
  /** The status for surfaces that have numbered ones, where the field has a more precise one than that of the code. Only surfaces read it. */
  readonly status?: number;
}

/**
 * Is an expected failure: it has a code, and callers may see its message and details.
 * Anything else that is thrown is a bug: callers get `internal`, and its message is hidden.
 */
export class Fault<D = unknown> extends Error {
  readonly code: Code;
  readonly type: string;
  readonly details: D;
  readonly retryAfterMs: number | undefined;
  /** The status that was declared; undefined where the surface decides by the code. */
  readonly status: number | undefined;

  /** Whatever was thrown may be asked whether it is a fault: a Proxy that was revoked throws at the question. */
  static override [Symbol.hasInstance](thrown: unknown): boolean {
    try {
      // biome-ignore lint/complexity/noThisInStatic: the class that is asked for, which may be one below this.
      return Function.prototype[Symbol.hasInstance].call(this, thrown);
    } catch {
      return false;
    }
  }

  constructor(init: FaultInit<D>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "Fault";
    this.code = init.code;
    this.type = init.type ?? init.code;
    this.details = init.details as D;
    this.retryAfterMs = init.retryAfterMs;
    this.status = init.status;
  }
}

/**
 * Makes a fault that refuses what a caller sent, without the lines of its stack: they cost ten times the fault, and their place says nothing.
 * There are most refusals when there is least time for them.
 */
export function refusal<D = unknown>(init: FaultInit<D>): Fault<D> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new Fault(init);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** How {@link fault} describes a kind of fault. */
export interface FaultSpec<S extends AnySchema> {
  readonly code: Code;
  readonly details?: S;
  /** Written for the caller; *values* come from the details. */
  readonly message: string | ((details: Output<S>) => string);
  readonly retryAfterMs?: number;
  /** As in {@link FaultInit}. */
  readonly status?: number;
}

/** A declared kind of fault: listed in an operation's `faults`, thrown with {@link fail}. */
export interface FaultClass<D, T extends string = string> {
  new (details: D, cause?: unknown): Fault<D>;
  /** By it the compiler tells faults apart. */
  readonly type: T;
  readonly code: Code;
  /** As in {@link FaultInit}. */
  readonly status: number | undefined;
  readonly schema: Schema | undefined;
}

/**
 * Declares a kind of fault, which operations list and callers recognise by its type.
 * @example
 * const OrderClosed = fault("order_closed", {
 *   code: "failed_precondition", details: z.object({ orderId: z.string() }), message: ({ orderId }) => `Order ${orderId} is closed.`,
 * });
 */
export function fault<const T extends string, S extends AnySchema = Schema<Record<never, never>>>(
  type: T,
  spec: FaultSpec<S>,
): FaultClass<Output<S>, T> {
  return class DeclaredFault extends Fault<Output<S>> {
    static readonly type = type;
    static readonly code = spec.code;
    static readonly status = spec.status;
    static readonly schema = spec.details as Schema | undefined;
    constructor(details: Output<S>, cause?: unknown) {
      super({
        code: spec.code,
        type,
        details,
        cause,
        message: typeof spec.message === "string" ? spec.message : spec.message(details),
        ...(spec.status === undefined ? {} : { status: spec.status }),
        ...(spec.retryAfterMs === undefined ? {} : { retryAfterMs: spec.retryAfterMs }),
      });
    }
  };
}

/** The details that a declared fault has. */
export type DetailsOf<C> = C extends FaultClass<infer D> ? D : never;

/**
 * Ends the operation with a declared fault. It is for functions that do not have an operation's scope: the scope's own `fail` takes the faults that the
 * operation declares, and no other compiles.
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
    message: "The server failed to handle the request and logged the cause. Try again later, or report the request id.",
    // Undefined becomes a cause too: without one, the log would not say what happened.
    cause: thrown === undefined ? "undefined" : thrown,
  });
}
