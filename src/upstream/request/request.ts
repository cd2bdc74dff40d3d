import type { Duration } from "../../core/duration.ts";
import type { Fault } from "../../core/fault.ts";
import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Call } from "../../resilience/policies/call/call.ts";
import type { Degraded } from "../../resilience/policies/call/facts.ts";
import type { Runs } from "../../resilience/policies/policy.ts";
import type { HeaderValues } from "./headers.ts";
import type { TargetParts } from "./target.ts";

/** How the body of a reply is read: as JSON that fits a schema, as text, as bytes, or not at all. */
export type ReplyForm = AnySchema | "text" | "bytes" | undefined;

/** What is read of a reply in this form. */
export type BodyOf<O extends ReplyForm> = O extends "text"
  ? string
  : O extends "bytes"
    ? Buffer
    : O extends AnySchema
      ? Output<O>
      : undefined;

/** Methods that may be sent twice with the effect of once. *Source*: RFC 9110 §9.2.2. */
export type IdempotentMethod = "GET" | "HEAD" | "PUT" | "DELETE";

type KeyHint = "the client's policy may send it twice: give an idempotencyKey that the upstream knows, or use a client without retries";

/** The method of a request. Where the policy of the client retries or hedges, what is not idempotent needs a key. */
export type Sent<R extends Runs> = "repeats" extends R
  ?
      | { readonly method: IdempotentMethod; readonly idempotencyKey?: string }
      | { readonly method: "POST" | "PATCH"; readonly idempotencyKey: Hint<KeyHint, string> }
  : { readonly method: IdempotentMethod | "POST" | "PATCH"; readonly idempotencyKey?: string };

/** What is sent besides. */
export interface RequestParts<O extends ReplyForm, I extends AnySchema> extends TargetParts {
  readonly headers?: HeaderValues;
  /** The schema of the body. *Default*: the body is any JSON value. */
  readonly input?: I;
  /** Sent as JSON. */
  readonly body?: NoInfer<Input<I>>;
  /** The media type of the body, which is JSON whatever it is called. *Default*: `application/json`. */
  readonly contentType?: `application/${string}json`;
  /** *Default*: the body of the reply is not read. */
  readonly output?: O;
  /** Less time for each attempt than the client's. *Bounds*: above 0, at most that of the client. */
  readonly timeout?: Duration;
  /**
   * Gets a reply that the upstream refuses with (400 to 499, without 429): its status, and its body as JSON, undefined where that is none or has more than
   * `limits.upstreamDrainBytes`. What it returns is thrown in place of `upstream_refused`. Check the body: a proxy may have sent it.
   * *Default*: the body of a refusal is not read.
   */
  readonly refused?: (reply: Refusal) => Fault | undefined;
  /** Gets the outcome of each attempt, at its end: `ok`, or the type of its fault. It is cheap and throws nothing. */
  readonly onAttempt?: (outcome: string) => void;
  /** Cancels the request. In an operation its own signal cancels too. */
  readonly signal?: AbortSignal;
  /** The call of a policy in which this request is made: its deadline, its signal and its retry budget apply too. */
  readonly within?: Call;
}

/** A reply with which an upstream refuses. */
export interface Refusal {
  readonly status: number;
  readonly body: unknown;
}

/** One request to an upstream. */
export type HttpRequest<R extends Runs, O extends ReplyForm, I extends AnySchema> = RequestParts<O, I> & Sent<R>;

/** The reply of an upstream, or what stands in for it. */
export interface HttpReply<T> {
  /** From 200 to 299; 0 where a fallback declared the body. */
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: HeaderValues;
  readonly body: T;
  /** Set where a fallback stands in for the upstream: by what, and how old it is. */
  readonly degraded: Pick<Degraded, "source" | "ageMs"> | undefined;
  /** How many requests were sent for it. */
  readonly attempts: number;
}
