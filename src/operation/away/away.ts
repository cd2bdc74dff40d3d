import type { Fault, FaultClass } from "../../core/fault.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { Actor } from "../actor.ts";
import type { IssuedCredential } from "../authentication/place.ts";
import type { StreamEnd } from "../execution.ts";
import type { Resource, ResourceCaller } from "../resource.ts";

/** An operation that another process runs, as its caller knows it. */
export interface AwayContract {
  /** As in `orders.place`. */
  readonly name: string;
  readonly module: string;
  readonly input: JsonSchema;
  /** Of a stream, that of an item. */
  readonly output: JsonSchema;
  readonly streams: boolean;
  /** What the client of a stream sends after the input; undefined where it sends nothing. */
  readonly message: JsonSchema | undefined;
  /** What a second run of one call does: nothing more (`always`), nothing more if it has a key (`keyed`), or maybe the same again. */
  readonly repeatable: "always" | "keyed" | "never";
  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  readonly faults: ReadonlyMap<string, FaultClass<any>>;
}

/** A rate of which a call took, as headers show it. *Units*: milliseconds. */
export interface ShownRate {
  readonly name: string;
  readonly limit: number;
  readonly periodMs: number;
  /** What is left of it, and when all of it is there again, where that is known. */
  readonly left?: { readonly remaining: number; readonly resetMs: number };
}

/** What the process that ran a call says of it beside the output, for the reply of its caller. */
export interface AwaySaid {
  /** Whether the reply is that of an earlier call with the same key. *Default*: false. */
  readonly replayed?: boolean;
  /** Whether the output is a kept value that is past its end. *Default*: false. */
  readonly stale?: boolean;
  /** Where the last event stands that it committed, as the log writes it. *Default*: it committed none. */
  readonly position?: string;
  /** What the client is given, to be presented from then on. *Default*: nothing. */
  readonly credentials?: readonly IssuedCredential[];
  /** *Default*: it took of none. */
  readonly rates?: readonly ShownRate[];
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
  /** Of the last item that the client of a stream got before. */
  readonly lastEventId: string | undefined;
  /** Why its client must not be given credentials; undefined where it may be. */
  readonly refusesCredentials: Fault | undefined;
  /** Takes what the process says of it, before the call settles. */
  readonly takes: (said: AwaySaid) => void;
}

/** The items of an open stream of another process. */
export interface AwayStream {
  /**
   * Returns the next item as its JSON says it, in an object of its own; undefined where the stream is complete. Nothing more is read until it is asked for.
   * *Faults thrown*: those of the operation, with the same code, type and details; `unavailable` where the process is lost.
   */
  next(): Promise<{ readonly item: unknown } | undefined>;
  /** Why it ended, as its process says it; undefined while it is open, or where its process is lost. */
  readonly ended: StreamEnd | undefined;
  /** Sends a message of the client. Returns what to wait for before the next one. */
  send(message: unknown): Promise<void> | undefined;
  /** The client sends no more. */
  sentAll(): void;
  /** Lets go of it: what has not ended yet is given up, and its process learns that its caller has left. */
  close(): void;
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
  /** Calls an operation that streams, and returns its items once it has opened: from then on it is the caller's to close. *Faults thrown*: as those of {@link call}. */
  open(call: AwayCall, caller: ResourceCaller): Promise<AwayStream>;
}

/** In what place of a module its operations are called that another process runs. */
export type AwayResource = Resource<AwayCalls>;
