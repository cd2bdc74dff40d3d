import type { JsonSchema } from "../core/schema/standard.ts";

/** When an operation was deprecated, and until when it stays. Dates as in `2026-10-01`. */
export interface DescribedDeprecation {
  readonly since: string;
  readonly removeAfter: string;
  readonly use?: string;
}

/** A fault as callers see it. */
export interface DescribedFault {
  readonly code: string;
  readonly status: number;
  readonly details?: JsonSchema;
}

/** What HTTP adds to an operation. */
export interface DescribedRoute {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** *Default*: `json`. */
  readonly body?: string;
  /** Input fields by the header, cookie or `If-Match` that they come from. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly ifMatch?: string;
  /** The media type of a file; `*` where it depends on the output. */
  readonly file?: string;
  readonly alternatives?: readonly string[];
  /** Output fields by the header that they are sent in. */
  readonly replyHeaders?: Readonly<Record<string, string>>;
  readonly replyCookies?: Readonly<Record<string, string>>;
  /** What responses say besides: `ETag`, `Location`. */
  readonly says?: readonly string[];
}

/** What every surface says of an operation. */
export interface DescribedTerms {
  /** `public`, or what the rule says. */
  readonly access: string;
  /** The roles of which one is enough, where roles decide. */
  readonly roles?: readonly string[];
  /** `none`: a query, which may always be sent again. */
  readonly idempotent: string;
  /** *Units*: milliseconds. */
  readonly deadlineMs: number;
  /** Requests in a period by the name of the rate. */
  readonly rates?: Readonly<Record<string, { readonly limit: number; readonly periodMs: number }>>;
  readonly input: JsonSchema;
  readonly faults?: Readonly<Record<string, DescribedFault>>;
  readonly deprecated?: DescribedDeprecation;
}

/** An operation as callers over HTTP see it. */
export interface DescribedOperation extends DescribedTerms {
  readonly kind: string;
  readonly route: DescribedRoute;
  /** What it returns; of a stream, one item. */
  readonly output: JsonSchema;
  /** `once`, `resumed` where items have ids, or `socket`. Left out where it returns one output. */
  readonly stream?: string;
  /** What the client of a WebSocket sends. */
  readonly receives?: JsonSchema;
}

/** An operation as agents see it. */
export interface DescribedTool extends DescribedTerms {
  readonly operation: string;
  /** What it returns as a value; left out where it returns only text. */
  readonly output?: JsonSchema;
  /** What clients may act on without asking a person. */
  readonly hints: Readonly<Record<string, boolean>>;
  /** Whether a person confirms each call. Left out where none does. */
  readonly confirms?: true;
  /** What its client must be able to be asked for, in order: `elicitation`, `roots`, `sampling`. Left out where that is nothing. */
  readonly needs?: readonly string[];
  /** Whether it is a prompt, and no tool. */
  readonly prompt?: true;
  /** The address at which it is a resource too. */
  readonly resource?: string;
}

/** One version of an event as its readers see it. */
export interface DescribedEvent {
  readonly data: JsonSchema;
  /** The function of the key, without blanks: events of one key are handled in their order. */
  readonly key: string;
  /** The earlier versions that are brought to this one when they are read. */
  readonly upcasts?: readonly number[];
}

/** The content of `contracts.lock.json`: a part for each surface. What a part holds, its own row of `parts.ts` knows. */
export interface ContractsLock {
  readonly lockVersion: 1;
  readonly rest?: Readonly<Record<string, DescribedOperation>>;
  /** By the names of tools. */
  readonly mcp?: Readonly<Record<string, DescribedTool>>;
  /** By name and version, as in `orders.placed@1`. */
  readonly events?: Readonly<Record<string, DescribedEvent>>;
  /** The data of signals, by the names of sagas, and of their signals. */
  readonly signals?: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly [part: string]: unknown;
}
