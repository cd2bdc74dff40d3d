import type { FaultClass } from "../../core/fault.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { Actor } from "../actor.ts";
import type { Resource, ResourceCaller } from "../resource.ts";

/** An operation that another process runs, as its caller knows it. */
export interface AwayContract {
  /** As in `orders.place`. */
  readonly name: string;
  readonly module: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** What a second run of one call does: nothing more (`always`), nothing more if it has a key (`keyed`), or maybe the same again. */
  readonly repeatable: "always" | "keyed" | "never";
  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  readonly faults: ReadonlyMap<string, FaultClass<any>>;
}

/** One call of such an operation. */
export interface AwayCall {
  readonly contract: AwayContract;
  /** The input as it was given, not parsed: the callee parses it. */
  readonly sent: unknown;
  /** The idempotency key, where the contract has one. */
  readonly key: string | undefined;
  readonly actor: Actor;
  readonly tenant: string | undefined;
  readonly requestId: string;
  /** Of the peer for whom it is, by which strangers are limited. */
  readonly address: string | undefined;
  /** The position that a query waits for. */
  readonly after: string | undefined;
}

/** What calls the operations of one module in another process. */
export interface AwayCalls {
  /** Makes ready what calls of the operation need. *Faults thrown*: `failed_precondition` of an operation that it cannot call. */
  prepare(contract: AwayContract): void;
  /**
   * Calls, and returns the output as its JSON says it.
   * *Faults thrown*: those of the operation, with the same code, type and details; `unavailable` where it cannot be called; `deadline_exceeded`.
   */
  call(call: AwayCall, caller: ResourceCaller): Promise<unknown>;
}

/** In what place of a module its operations are called that another process runs. */
export type AwayResource = Resource<AwayCalls>;
