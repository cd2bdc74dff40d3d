import type { Duration } from "../core/duration.ts";
import type { FaultClass } from "../core/fault.ts";
import type { LimitMode } from "../core/load-line/load-line.ts";
import type { AnySchema, Input, Output, Schema } from "../core/schema/standard.ts";
import type { Hint, Refused } from "../core/value/hint.ts";
import type { Access } from "./access.ts";
import type { AuditForm } from "./audit/spec.ts";
import type { ProvenTenant, provenTenant } from "./authentication/proven-tenant.ts";
import type { CacheSpec } from "./cache/spec.ts";
import type { Emits } from "./events/event.ts";
import type { Criticality } from "./execution.ts";
import type { OfKind } from "./kind.ts";
import type { ReceiverSource } from "./messaging/receiver.ts";
import type { Deprecated } from "./online/deprecated.ts";
import type { CacheControlSpec, CookieSpec, CspSources } from "./online/http-head.ts";
import type { McpSpec } from "./online/mcp.ts";
import type { RateLimit } from "./online/rate.ts";
import type { ReceivesSpec } from "./online/stream/receives.ts";
import type { AnyStream } from "./online/stream/spec.ts";
import type { Uses } from "./resource.ts";
import type { SloSpec } from "./slo/spec.ts";
import type { Streams } from "./sourcing/event-stream.ts";
import type { Projection } from "./sourcing/projection.ts";
import type { Isolation } from "./transaction.ts";

/** What the compiler prints where `access` is wrong. */
export type AccessHint = 'write role("…"), signedIn(), rule("…", …) or "public"';
/** What the compiler prints where a route is wrong. */
export type RouteHint =
  'write a verb and a path, as in "POST /v1/orders"; a query takes GET or POST, a command or an action any verb but GET';
type CriticalityHint = 'write "critical", "default" or "sheddable"';
type DeadlineHint = 'write milliseconds, or a number with ms, s, m, h or d, as in "250ms"';

/**
 * Limits what one execution may use. A duration alone is a deadline with the default limits.
 * *Defaults*: `core/limits.ts`. *Bounds*: every number is at least 1 (queue: 0), the deadline at most 10 minutes.
 */
export type Budget = Duration | OnlineBudget<unknown>;

/** What one execution may use, and how many may run and wait at once. */
export interface BudgetLimits {
  readonly deadline: Hint<DeadlineHint, Duration>;
  /** Executions of this operation at once: in the process, or in all processes of a machine together, if `supervise` runs several. */
  readonly concurrency?: number;
  /** Executions that may wait for a slot; 0 refuses at once. */
  readonly queue?: number;
  /** Statements of one execution, including those of the operations that it calls. */
  readonly queries?: number;
  /** Operations that one execution may call, directly and indirectly. */
  readonly calls?: number;
  /** How long a response is stored under its idempotency key. *Default*: 24 h. */
  readonly idempotencyTtl?: Hint<DeadlineHint, Duration>;
  /** The mode at the start, of each of these limits; the ops port can change it. *Default*: `enforce`. */
  readonly mode?: LimitMode;
}

/** What one execution of a query, command or action may use, and the rates of its requests. */
export interface OnlineBudget<In> extends BudgetLimits {
  /** Rates of the operation, beside that of each caller: `rateLimit({ per, limit, period })`. *Default*: none. */
  readonly rate?: RateLimit<In> | readonly RateLimit<In>[];
}

/** The HTTP methods that a route can have. */
export type Verb = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** A verb and a path with its parameters, as in `"GET /v1/orders/{orderId}"`. */
export type Route = `${Verb} /${string}`;
/** The route of a query: GET, or POST if the input does not fit into a URL. */
export type ReadRoute = `${"GET" | "POST"} /${string}`;
/** The route of an operation that may write: any verb but GET, which must be safe to repeat. */
export type WriteRoute = `${Exclude<Verb, "GET">} /${string}`;

/** Describes an output that HTTP sends as a file of text, such as CSV. */
export interface FileSpec<O> {
  /** The media type without parameters, as in `text/csv`. The text is sent as UTF-8. */
  readonly type: `${string}/${string}`;
  /** Returns the name under which a browser stores the file. *Default*: no name, and a browser shows the file. */
  readonly name?: (output: O) => string;
  /** Returns the text of the file. */
  readonly text: (output: O) => string;
}

/** The part of a download that is asked for. */
export interface DownloadPart {
  /** The first byte. *Units*: bytes from 0. */
  readonly start: number;
  /** The byte behind the last one; infinite if the size is not declared. */
  readonly end: number;
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal;
}

/** The bytes of a download: at once, or as they come, such as a stream of `node:fs`. */
export type DownloadBytes = Uint8Array | AsyncIterable<Uint8Array> | Promise<Uint8Array | AsyncIterable<Uint8Array>>;

/** Describes an output whose bytes HTTP sends, such as a file on a disk. */
export interface DownloadSpec<O> {
  /** The media type without parameters, as in `image/png`. */
  readonly type: `${string}/${string}` | ((output: O) => string);
  /** Returns the name under which a browser stores the bytes. *Default*: no name, and a browser shows them. */
  readonly name?: (output: O) => string;
  /** Returns how many bytes there are. *Default*: unknown; then no part can be asked for. */
  readonly size?: (output: O) => number;
  /**
   * Opens the bytes, after the operation has ended: exactly those of the part. It is called for no response without a body.
   * *Faults*: 500 if it throws before the first bytes; later the connection is closed.
   */
  readonly open: (output: O, part: DownloadPart) => DownloadBytes;
}

/** How the body of a request is read: as JSON, as a form of a browser (`application/x-www-form-urlencoded`), as a form with a file (`multipart/form-data`), or not at all: its bytes are the input. */
export type BodyKind = "json" | "form" | "multipart" | "raw";

/** How an operation is reached over HTTP; leaving it out makes the operation internal. */
export type Http<Sentence extends string, R extends Route, I extends AnySchema, O extends AnySchema> =
  | Hint<Sentence, R>
  | RouteSpec<R, I, O>;

/** The long form of how an operation is reached over HTTP. */
export interface RouteSpec<R extends Route, I extends AnySchema, O extends AnySchema> {
  readonly route: R;
  /** How the body is read; with `raw` its bytes are the field `body`, which `rawBody` or `upload` declares. *Default*: `json`. */
  readonly body?: BodyKind;
  /** The status of a success; 301, 302, 303, 307 or 308 redirects to `location`. *Default*: 200, or 204 if the output has no fields. */
  readonly status?: number;
  /** Returns the `Location` of what was created, or where a redirect goes. */
  readonly location?: (output: Output<O>) => string;
  /** The other origins that a redirect may go to, as in `https://pay.example.com`. *Default*: none: it stays on the origin of the request. */
  readonly redirectsTo?: readonly string[];
  /** Returns the version of the output, which is sent as a strong `ETag`. */
  readonly etag?: (output: Output<O>) => string | number;
  /** Sends the output as a file of text instead of JSON. *Bounds*: not on an operation with a key, whose record would store the text too. */
  readonly file?: FileSpec<Output<O>>;
  /** Sends bytes, of which the output is the description, instead of JSON: as they come, in parts if the client asks for one. */
  readonly download?: DownloadSpec<Output<O>>;
  /** Other forms of the output, from which a client chooses with `Accept`; without that header it gets JSON. *Bounds*: of queries and actions. */
  readonly alternatives?: readonly FileSpec<Output<O>>[];
  /** The input field that takes the version from `If-Match`; if the field is required, a missing header is 428. */
  readonly ifMatch?: keyof Input<I> & string;
  /** The input fields that come from request headers, and from nowhere else, as in `{ currency: "Accept-Currency" }`; an array takes a list. */
  readonly headers?: { readonly [Field in keyof Input<I> & string]?: string };
  /** The input fields that come from cookies, and from nowhere else, as in `{ cartId: "cart" }`. */
  readonly cookies?: { readonly [Field in keyof Input<I> & string]?: string };
  /** What browsers and proxies may keep of the responses to a GET. *Default*: nothing. Faults are never kept. */
  readonly cacheControl?: CacheControlSpec;
  /** What a browser may do with the response, as for `csp`: needed where it is a page. *Default*: nothing. */
  readonly contentSecurityPolicy?: CspSources;
  /** The output fields that are sent as response headers and not in the body, as in `{ total: "X-Total-Count" }`; an array is sent as a list. */
  readonly responseHeaders?: { readonly [Field in keyof Output<O> & string]?: string };
  /** The output fields that are sent as cookies and not in the body: the name, or a {@link CookieSpec}. `null` deletes the cookie. */
  readonly responseCookies?: { readonly [Field in keyof Output<O> & string]?: string | CookieSpec };
}

/** The faults that an operation declares. */
// biome-ignore lint/suspicious/noExplicitAny: a list of faults of any details; each keeps its own type where it is thrown.
export type Faults = readonly FaultClass<any>[];

/** What queries, commands and actions all declare beside what they return. */
export interface SharedSpec<I extends AnySchema, F extends Faults> {
  /** One line for documents. */
  readonly summary?: string;
  readonly input: I;
  /** The faults that callers may see; any other becomes `internal`. */
  readonly faults?: F;
  readonly budget: Hint<DeadlineHint, Duration> | OnlineBudget<Output<NoInfer<I>>>;
  /** Which operations are refused first under load. *Default*: `default`. */
  readonly criticality?: Hint<CriticalityHint, Criticality>;
  /** Which share of its executions is to succeed, and how soon. *Default*: by criticality and budget. */
  readonly slo?: SloSpec;
  /**
   * How the operation is reached over GraphQL: `true`, or the name of its field. *Default*: not at all. With `true` the field has the name of the operation:
   * `orders.list-mine` is `ordersListMine`.
   */
  readonly graphql?: true | string;
  /** How agents reach the operation over MCP: `true` makes it a tool of its name. *Default*: not at all. */
  readonly mcp?: true | McpSpec;
  /** Since when callers should use something else, and until when they can use this. *Default*: it stays. */
  readonly deprecated?: Deprecated;
}

/** What an operation declares that returns one output. */
export interface CommonSpec<I extends AnySchema, O extends AnySchema, F extends Faults> extends SharedSpec<I, F> {
  readonly output: O;
  /** Values that documents show. */
  readonly example?: { readonly input?: Input<NoInfer<I>>; readonly output?: Output<NoInfer<O>> };
}

/** What happens when a command is sent twice. A key belongs to its actor; on a public operation there is no actor, so it names the input field that scopes it. */
export type Idempotent<A, I extends AnySchema> =
  // `access` is missing: the compiler says so, and no more.
  [Hint<AccessHint, Access>] extends [A]
    ? "key" | "natural" | "no" | { readonly key: keyof Input<I> & string }
    : "public" extends A
      ? Hint<KeyHint, "natural" | "no" | { readonly key: keyof Input<I> & string }>
      : "key" | "natural" | "no";
type KeyHint = 'no caller is signed in to own the key: name the input field that scopes it, as in { key: "email" }';

/** The run-time form of any operation, as the pipeline and documents read it. */
export interface Operation extends OfKind {
  readonly name: string;
  readonly spec: OperationSpec;
}

/** What an operation declares, in its run-time form. */
export interface OperationSpec {
  readonly summary?: string;
  readonly input: Schema;
  readonly output: Schema;
  /** In the place of an output. */
  readonly stream?: AnyStream;
  /** What the client of a stream sends, over a WebSocket. */
  readonly receives?: Schema | ReceivesSpec<Schema>;
  readonly faults?: Faults;
  readonly budget: Duration | OnlineBudget<never>;
  readonly criticality?: Criticality;
  readonly slo?: SloSpec;
  readonly deprecated?: Deprecated;
  readonly access: Access;
  readonly idempotent?: "key" | "natural" | "no" | { readonly key: string };
  readonly isolation?: Isolation;
  /** The events that it may emit. */
  readonly emits?: Emits;
  /** The kinds of streams that it may append to. */
  readonly streams?: Streams;
  /** The signals that it takes, by their names. */
  readonly signals?: Readonly<Record<string, Schema>>;
  /** The events that it reacts to. */
  readonly on?: Emits;
  /** Where they come from: a broker where it is an object. */
  readonly from?: "now" | "beginning" | ReceiverSource;
  /** Whether, and how, its executions are recorded in the audit trail. */
  readonly audit?: true | AuditForm;
  readonly cache?: CacheSpec<never, never>;
  /** The projections that it reads. */
  readonly reads?: readonly Projection[];
  /** How far they may be behind. */
  readonly staleness?: Duration;
  readonly http?: Route | HttpSpec;
  readonly graphql?: true | string;
  readonly mcp?: true | McpSpec;
  readonly uses?: Uses;
  readonly example?: { readonly input?: unknown; readonly output?: unknown };
  readonly owns?: Handler;
  readonly run?: Handler;
  /** For which tenant it runs, in the place of that of its caller. *Default*: for that of its caller. */
  readonly [provenTenant]?: ProvenTenant;
}

/** How HTTP serves an operation, in its run-time form. */
export interface HttpSpec {
  readonly route: Route;
  readonly body?: BodyKind;
  /** Of a plain route: the most bytes of a request's body. */
  readonly requestBytes?: number;
  readonly status?: number;
  readonly location?: (output: never) => string;
  readonly redirectsTo?: readonly string[];
  readonly etag?: (output: never) => string | number;
  readonly file?: FileSpec<never>;
  readonly download?: DownloadSpec<never>;
  readonly alternatives?: readonly FileSpec<never>[];
  readonly ifMatch?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
  readonly cacheControl?: CacheControlSpec;
  readonly contentSecurityPolicy?: CspSources;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseCookies?: Readonly<Record<string, string | CookieSpec>>;
}

/** The handler of any operation. The constructors check each against its own input and scope, which the pipeline gives it. */
export type Handler = (input: never, scope: never) => Promise<unknown> | AsyncIterable<unknown>;

/** An operation that only reads, in a read-only transaction. */
export interface Query<I extends AnySchema, O extends AnySchema, F extends Faults = Faults> extends Operation {
  readonly kind: "query";
  readonly input: I;
  readonly output: O;
  readonly faults: F;
}
/** An operation that writes, in exactly one transaction and without the network. */
export interface Command<
  I extends AnySchema,
  O extends AnySchema,
  F extends Faults = Faults,
  E extends Emits = Emits,
  X extends Streams = Streams,
> extends Operation {
  readonly kind: "command";
  readonly input: I;
  readonly output: O;
  readonly faults: F;
  readonly emits: E;
  readonly streams: X;
}
/** An operation without a transaction of its own, which may use resources and call queries and commands. */
export interface Action<I extends AnySchema, O extends AnySchema, U extends Uses, F extends Faults = Faults> extends Operation {
  readonly kind: "action";
  readonly input: I;
  readonly output: O;
  readonly faults: F;
  readonly uses: U;
}

/** A query that streams: each query that it calls is a transaction, and it has none of its own. */
export interface StreamQuery<I extends AnySchema, S extends AnySchema, U extends Uses, F extends Faults = Faults> extends Operation {
  readonly kind: "query";
  readonly input: I;
  readonly item: S;
  readonly faults: F;
  readonly uses: U;
}
/** An action that streams. */
export interface StreamAction<I extends AnySchema, S extends AnySchema, U extends Uses, F extends Faults = Faults> extends Operation {
  readonly kind: "action";
  readonly input: I;
  readonly item: S;
  readonly message?: undefined;
  readonly faults: F;
  readonly uses: U;
}
/** An action that streams over a WebSocket, and receives messages meanwhile. */
export interface DuplexAction<I extends AnySchema, S extends AnySchema, R extends AnySchema, U extends Uses, F extends Faults = Faults>
  extends Operation {
  readonly kind: "action";
  readonly input: I;
  readonly item: S;
  readonly message: R;
  readonly faults: F;
  readonly uses: U;
}

/** A query or a command has no resources. */
export type NoResources = Refused<"a query or command is one transaction, and no network call belongs inside it: use an action">;
