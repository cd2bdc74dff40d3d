import type { Duration } from "../core/duration.ts";
import type { FaultClass } from "../core/fault.ts";
import type { Input, Output, Schema } from "../core/schema.ts";
import type { Access, Rule } from "./access.ts";
import type { Criticality, OperationKind } from "./execution.ts";
import type { Uses } from "./resource.ts";
import type { ActionScope, ReadScope, WriteScope } from "./scope.ts";

/** Whether a limit refuses, or only reports what it would have refused. */
export type LimitMode = "enforce" | "measure";

/**
 * What one execution may use. A duration alone is a deadline with the default limits.
 * *Defaults*: `core/limits.ts`. *Bounds*: every number is at least 1 (queue: 0), the deadline at most 10 minutes.
 */
export type Budget =
  | Duration
  | {
      readonly deadline: Duration;
      /** Executions of this operation at once in one process. */
      readonly concurrency?: number;
      /** Executions that may wait for a slot; 0 refuses at once. */
      readonly queue?: number;
      /** Statements of one execution, those of the operations it calls included. */
      readonly queries?: number;
      /** Operations that one execution may call, directly and indirectly. */
      readonly calls?: number;
      /** How long a reply is kept under its idempotency key. *Default*: 24 h. */
      readonly idempotencyTtl?: Duration;
      /** *Default*: `enforce`. */
      readonly mode?: LimitMode;
    };

export type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** A verb and a path with its parameters, as in `"GET /v1/orders/{orderId}"`. */
export type Route = `${Verb} /${string}`;

/** How an operation is reached over HTTP. Leaving it out makes the operation internal. */
export type Http<I extends Schema, O extends Schema> =
  | Route
  | {
      readonly route: Route;
      /** Status of a success. *Default*: 200, 204 where the output is empty. */
      readonly status?: number;
      /** The `Location` of what was made. */
      readonly location?: (output: Output<O>) => string;
      /** The entity's version, sent as a strong `ETag`. */
      readonly etag?: (output: Output<O>) => string | number;
      /** The input field that takes the version from `If-Match`; where the field is required, a missing header is 428. */
      readonly ifMatch?: keyof Input<I> & string;
    };

// biome-ignore lint/suspicious/noExplicitAny: a list of faults of any details; each keeps its own type where it is thrown.
export type Faults = readonly FaultClass<any>[];

/** What queries, commands and actions declare alike. */
export interface CommonSpec<I extends Schema, O extends Schema> {
  /** One line for documents. */
  readonly summary?: string;
  readonly input: I;
  readonly output: O;
  /** The faults that callers may see; any other leaves as `internal`. */
  readonly faults?: Faults;
  readonly budget: Budget;
  /** Who is refused first under load. *Default*: `default`. */
  readonly criticality?: Criticality;
  readonly http?: Http<NoInfer<I>, NoInfer<O>>;
  /** Values that documents show. */
  readonly example?: { readonly input?: Input<NoInfer<I>>; readonly output?: Output<NoInfer<O>> };
}

/** Commands: who may run it, and what happens when it is sent twice. A key on a public operation names the input field that scopes it. */
export type WriteAccess =
  | { readonly access: Rule; readonly idempotent: "key" | "natural" | "no" }
  | { readonly access: "public"; readonly idempotent: "natural" | "no" | { readonly key: string } };

/** Actions keep no record of a key, for they have no transaction to keep it in: give the key to the command that they call. */
export type ActionAccess = { readonly access: Access; readonly idempotent: "natural" | "no" };

export type Isolation = "read committed" | "repeatable read" | "serializable";

/** The run-time form of any operation, as the pipeline and documents read it. */
export interface Operation {
  readonly kind: OperationKind;
  readonly name: string;
  readonly spec: OperationSpec;
}

export interface OperationSpec {
  readonly summary?: string;
  readonly input: Schema;
  readonly output: Schema;
  readonly faults?: Faults;
  readonly budget: Budget;
  readonly criticality?: Criticality;
  readonly access: Access;
  readonly idempotent?: "key" | "natural" | "no" | { readonly key: string };
  readonly isolation?: Isolation;
  readonly http?: Route | HttpSpec;
  readonly uses?: Uses;
  readonly example?: { readonly input?: unknown; readonly output?: unknown };
  readonly owns?: Handler;
  readonly run?: Handler;
}

export interface HttpSpec {
  readonly route: Route;
  readonly status?: number;
  readonly location?: (output: never) => string;
  readonly etag?: (output: never) => string | number;
  readonly ifMatch?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: where handlers of every input and scope meet; the constructors checked each.
export type Handler = (input: any, scope: any) => Promise<any>;

export type ReadHandler<I extends Schema, O extends Schema> = (input: Output<I>, scope: ReadScope) => Promise<Input<O>>;
export type WriteHandler<I extends Schema, O extends Schema> = (input: Output<I>, scope: WriteScope) => Promise<Input<O>>;
export type ActionHandler<I extends Schema, O extends Schema, U> = (input: Output<I>, scope: ActionScope & U) => Promise<Input<O>>;

/** Reads: a read-only transaction. */
export interface Query<I extends Schema, O extends Schema> extends Operation {
  readonly kind: "query";
  readonly input: I;
  readonly output: O;
}
/** Writes: exactly one transaction, no network. */
export interface Command<I extends Schema, O extends Schema> extends Operation {
  readonly kind: "command";
  readonly input: I;
  readonly output: O;
}
/** No transaction of its own; may use resources and call queries and commands. */
export interface Action<I extends Schema, O extends Schema, U extends Uses> extends Operation {
  readonly kind: "action";
  readonly input: I;
  readonly output: O;
  readonly uses: U;
}

/** What the compiler says where a query or a command asks for resources. */
export interface NoResources {
  readonly "a query or command is one transaction, and no network call belongs inside it: use an action": never;
}
