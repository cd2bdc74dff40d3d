import type { FaultClass } from "../core/fault.ts";
import type { AnySchema, Input, Output } from "../core/schema/standard.ts";
import type { Faults } from "../operation/contract.ts";
import type { platformFaults } from "../surface/openapi-faults.ts";
import type { CallFault } from "./call-fault.ts";

/** What one call may say beside its input. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** How long the caller waits, all attempts together; of a stream, for its begin. The service knows it, and stops then. *Units*: milliseconds. *Default*: that of the client. */
  readonly deadlineMs?: number;
  /** The idempotency key. *Default*: a new one for each call, the same in all of its attempts. *Bounds*: only of operations that take one. */
  readonly key?: string;
  /** More headers, such as those of `scope.upstream`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a call ended. */
export type Outcome<O, F> = { readonly ok: true; readonly output: O } | { readonly ok: false; readonly fault: F };

/** The output of a call, when it comes. It rejects with a {@link CallFault}. */
export interface Reply<O, F> extends Promise<O> {
  /** Resolves also where the call fails: with the fault, by whose `type` the compiler knows its details. */
  outcome(): Promise<Outcome<O, F>>;
  /** Resolves to the bytes, where the route has `file` or `download`. Types do not know which do: without this call, such an operation ends with `client_file_received`. */
  file(): Promise<Blob>;
}

/** The items of a stream. The call is sent when they are first asked for; leaving the loop ends it. It throws a {@link CallFault}. */
export interface ItemStream<T> extends AsyncIterable<T> {}

/** A fault of the platform or of the way to the service, which any call may end with. Its `code` says what to do. */
export type PlatformCallFault = CallFault<PlatformType | ClientType, unknown>;

type ClientType = "network_failed" | "reply_malformed" | "cancelled" | "client_route_unknown" | "client_file_received";
type Row = (typeof platformFaults)[number];
type PlatformType = Row["code"] | (Row extends infer R ? (R extends { readonly types: readonly (infer T)[] } ? T : never) : never);

/** The faults that an operation declares, as its callers get them. */
export type DeclaredFault<F extends Faults> = F[number] extends infer K
  ? K extends FaultClass<infer D, infer T>
    ? CallFault<T, D>
    : never
  : never;

/** An operation that returns an output. */
export type Call<I extends AnySchema, O extends AnySchema, F extends Faults> = (
  input: Input<I>,
  options?: CallOptions,
) => Reply<Output<O>, DeclaredFault<F> | PlatformCallFault>;

/** An operation that streams. */
export type StreamCall<I extends AnySchema, S extends AnySchema> = (input: Input<I>, options?: CallOptions) => ItemStream<Output<S>>;

/** The operations of contracts, under the names by which they are exported. What is no operation is left out. */
export type Client<C> = { readonly [N in keyof C as C[N] extends NoMember ? never : N]: Member<C[N]> };

/** What contract files export beside operations and modules. */
type NoMember =
  | AnySchema
  | ((...args: never) => unknown)
  | (abstract new (
      ...args: never
    ) => unknown)
  | readonly unknown[]
  | string
  | number
  | boolean
  | null
  | undefined
  // What is started, or takes a request as it is: it has neither an output nor items.
  | { readonly spec: unknown; readonly output?: never; readonly item?: never }
  | { readonly operation: unknown; readonly run: unknown }
  | { readonly message: AnySchema };

type Member<T> = T extends {
  readonly input: infer I extends AnySchema;
  readonly output: infer O extends AnySchema;
  readonly faults: infer F extends Faults;
}
  ? Call<I, O, F>
  : T extends { readonly input: infer I extends AnySchema; readonly item: infer S extends AnySchema }
    ? StreamCall<I, S>
    : Client<T>;
