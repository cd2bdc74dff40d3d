import type { Code } from "../core/code.ts";
import type { BodyKind } from "../operation/contract.ts";
import { httpOf } from "../operation/route.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { fileFaults } from "./openapi-files.ts";
import { readFaults } from "./openapi-reads.ts";

/** What decides which faults of the platform an operation can end with. */
export interface FaultConditions {
  readonly operation: CompiledOperation;
  readonly takesInput: boolean;
  /** Whether its verb has a body: one that was sent is read, also where nothing of it is needed. */
  readonly takesBody: boolean;
  readonly body: BodyKind;
  /** Whether its body has a file that is read as it comes. */
  readonly takesFile: boolean;
  /** Whether a part of its bytes can be asked for. */
  readonly servesRanges: boolean;
  /** Whether the app knows callers at all: a token that came is looked at, also where none is needed. */
  readonly authenticated: boolean;
  readonly takesCursor: boolean;
  /** Whether `If-Match` is read. */
  readonly takesVersion: boolean;
  /** Whether the version to change must be named. */
  readonly needsVersion: boolean;
}

/** One kind of fault that the platform itself returns. */
export interface PlatformFault {
  readonly name: string;
  readonly code: Code;
  /** *Default*: that of the code. */
  readonly status?: number;
  /** Left out where there are many and callers need not tell them apart. */
  readonly types?: readonly string[];
  readonly description: string;
  readonly body?: "problems" | "limit";
  applies(conditions: FaultConditions): boolean;
}

const always = () => true;
const writes = ({ operation }: FaultConditions) => operation.traits.transaction !== "read";
const keyed = ({ operation }: FaultConditions) => operation.key !== "none";
const restricted = ({ operation }: FaultConditions) => operation.access !== "public";
const takesBody = (conditions: FaultConditions) => conditions.takesBody;
const http = ({ operation }: FaultConditions) => httpOf(operation.operation.spec);
const negotiates = (conditions: FaultConditions) => http(conditions)?.alternatives !== undefined;
const readsHead = (conditions: FaultConditions) => http(conditions)?.headers !== undefined || readsCookies(conditions);
const readsCookies = (conditions: FaultConditions) => http(conditions)?.cookies !== undefined;
const takesInput = (conditions: FaultConditions) => conditions.takesInput;
/** It uses a resource, which may be a client of another service. */
const callsUpstreams = ({ operation }: FaultConditions) => Object.keys(operation.operation.spec.uses ?? {}).length > 0;
/** It may call others, which are authorized, and may ask whose something is. */
const mayCall = ({ operation }: FaultConditions) => operation.traits.transaction !== "read" || operation.stream !== undefined;
const receives = ({ operation }: FaultConditions) => operation.receives !== undefined;
const streams = ({ operation }: FaultConditions) => operation.stream !== undefined;

/** Every fault that the platform may end a request with. `test/surface/openapi-table.test.ts` finds those in the source that are missing here. */
export const platformFaults = [
  {
    name: "InvalidInput",
    code: "invalid_argument",
    types: ["invalid_input"],
    body: "problems",
    description: "Values of the input are invalid; `problems` lists each with its place.",
    applies: (conditions) => conditions.takesInput || conditions.takesBody,
  },
  {
    name: "MalformedRequest",
    code: "invalid_argument",
    types: ["request_malformed", "url_malformed", "header_repeated", "timeout_invalid"],
    description: "The request is not valid HTTP, has a header twice that may appear once, or its URL is not UTF-8.",
    applies: always,
  },
  {
    name: "HeaderNotAscii",
    code: "invalid_argument",
    types: ["header_not_ascii"],
    description: "A header that the operation reads has a character that is not printable ASCII.",
    applies: readsHead,
  },
  {
    name: "WebSocketRequired",
    code: "invalid_argument",
    status: 426,
    types: ["websocket_required"],
    description: "The operation is a WebSocket, and the request is not a handshake of version 13.",
    applies: receives,
  },
  {
    name: "WebSocketHandshakeInvalid",
    code: "invalid_argument",
    types: ["websocket_handshake_invalid", "websocket_message_invalid"],
    description: "The handshake of the WebSocket is not one of RFC 6455; or a message was refused, and the close code says why.",
    applies: receives,
  },
  {
    name: "LastEventIdInvalid",
    code: "invalid_argument",
    types: ["last_event_id_invalid"],
    description: "Last-Event-ID is not the id of an item.",
    applies: (conditions) => streams(conditions) && !receives(conditions),
  },
  {
    name: "StreamNotAcceptable",
    code: "invalid_argument",
    status: 406,
    types: ["not_acceptable"],
    description: "Accept allows none of the formats in which the operation streams.",
    applies: (conditions) => streams(conditions) && !receives(conditions),
  },
  {
    name: "TooManyStreams",
    code: "resource_exhausted",
    types: ["too_many_streams"],
    body: "limit",
    description: "The caller has too many streams open.",
    applies: streams,
  },
  {
    name: "UnusableValue",
    code: "invalid_argument",
    types: ["text_unstorable", "password_too_long", "task_option_invalid", "task_too_large", "saga_option_invalid", "saga_too_large"],
    description: "A value cannot be stored or used as it is.",
    applies: takesInput,
  },
  {
    name: "MalformedBody",
    code: "invalid_argument",
    types: ["malformed_json"],
    description: "The body is not valid JSON.",
    applies: (conditions) => conditions.takesBody && conditions.body === "json",
  },
  {
    name: "MalformedForm",
    code: "invalid_argument",
    types: ["malformed_form"],
    description: "The body is not a valid form in UTF-8.",
    applies: (conditions) => conditions.takesBody && conditions.body === "form",
  },
  ...fileFaults,
  {
    name: "InvalidCursor",
    code: "invalid_argument",
    types: ["cursor_invalid", "cursor_expired"],
    description: "The cursor is not valid for this request, or has expired. Leave it out to begin with the first page.",
    applies: ({ takesCursor }) => takesCursor,
  },
  ...readFaults,
  {
    name: "InvalidKey",
    code: "invalid_argument",
    types: ["idempotency_key_missing", "idempotency_key_invalid"],
    description: "The Idempotency-Key is missing or malformed.",
    applies: keyed,
  },
  {
    name: "BrokenRule",
    code: "failed_precondition",
    types: ["foreign_key_violation", "check_violation"],
    description: "A value violates a rule of the data. Nothing was changed; check the values.",
    applies: writes,
  },
  {
    name: "Unauthenticated",
    code: "unauthenticated",
    types: [
      "token_missing",
      "token_invalid",
      "token_expired",
      "token_not_yet_valid",
      "token_too_long",
      "token_revoked",
      "certificate_missing",
      "certificate_refused",
      "session_missing",
    ],
    description: "The token is missing or not accepted.",
    applies: (conditions) => restricted(conditions) || conditions.authenticated,
  },
  {
    name: "PermissionDenied",
    code: "permission_denied",
    types: ["permission_denied", "other_tenant", "cross_site_request"],
    description: "The caller may not use this operation, or not for this tenant, or a page of another site sent the request.",
    applies: (conditions) => restricted(conditions) || mayCall(conditions),
  },
  {
    name: "NotFound",
    code: "not_found",
    types: ["not_found"],
    description: "What the request names does not exist, or belongs to another caller. The response is the same for both.",
    applies: (conditions) => conditions.operation.owns !== undefined || mayCall(conditions),
  },
  {
    name: "Conflict",
    code: "aborted",
    types: ["conflict", "commit_lost", "lock_lost", "lease_lost", "stream_conflict", "projection_conflict"],
    description: "Another request changed the same data at the same time. This one changed nothing; send it again.",
    applies: writes,
  },
  {
    name: "StructureChanged",
    code: "aborted",
    types: ["plan_changed"],
    description: "A migration changed the data's structure at the same time. Nothing was changed; try again.",
    applies: always,
  },
  {
    name: "AlreadyExists",
    code: "already_exists",
    types: ["unique_violation", "exclusion_violation"],
    description: "An entry with the same unique value already exists.",
    applies: writes,
  },
  {
    name: "KeyRunning",
    code: "aborted",
    types: ["idempotency_key_running"],
    description: "A request with this Idempotency-Key is still running. Send it again later to get its response.",
    applies: keyed,
  },
  {
    name: "BodyTooLarge",
    code: "invalid_argument",
    status: 413,
    types: ["body_too_large", "body_in_pieces", "too_many_values"],
    body: "limit",
    description: "The body is larger than the limit, or holds more values.",
    applies: takesBody,
  },
  {
    name: "MediaTypeUnsupported",
    code: "invalid_argument",
    status: 415,
    types: ["media_type_unsupported", "content_encoding_unsupported"],
    description: "The body has another media type than the operation reads, or is compressed.",
    applies: takesBody,
  },
  {
    name: "KeyReused",
    code: "invalid_argument",
    status: 422,
    types: ["idempotency_key_reused"],
    description: "The Idempotency-Key was used for another input.",
    applies: keyed,
  },
  {
    name: "TaskKeyReused",
    code: "failed_precondition",
    status: 422,
    types: ["task_key_mismatch"],
    description: "A task was started with this key for another input.",
    applies: writes,
  },
  {
    name: "RequestTimeout",
    code: "invalid_argument",
    status: 408,
    types: ["request_timeout"],
    description: "The request took too long to arrive.",
    applies: takesBody,
  },
  {
    name: "UrlTooLong",
    code: "invalid_argument",
    status: 414,
    types: ["url_too_long"],
    description: "The URL is longer than the limit.",
    applies: always,
  },
  {
    name: "RangeNotSatisfiable",
    code: "invalid_argument",
    status: 416,
    types: ["range_not_satisfiable"],
    description: "`Range` begins behind the last byte.",
    applies: (conditions) => conditions.servesRanges,
  },
  {
    name: "ExpectationFailed",
    code: "invalid_argument",
    status: 417,
    types: ["expectation_unknown"],
    description: "`Expect` has another value than `100-continue`.",
    applies: always,
  },
  {
    name: "HeadersTooMany",
    code: "invalid_argument",
    status: 431,
    types: ["headers_too_many"],
    description: "The request has more header lines than the limit.",
    applies: always,
  },
  {
    name: "NotAcceptable",
    code: "invalid_argument",
    status: 406,
    types: ["not_acceptable"],
    description: "The Accept header allows no form that the operation has.",
    applies: negotiates,
  },
  {
    name: "CookiesTooMany",
    code: "invalid_argument",
    status: 431,
    types: ["cookies_too_many"],
    description: "The request has more cookies than the limit.",
    applies: readsCookies,
  },
  {
    name: "TransferCodingUnknown",
    code: "unimplemented",
    status: 501,
    types: ["transfer_coding_unknown"],
    description: "`Transfer-Encoding` is not just `chunked`.",
    applies: always,
  },
  {
    name: "PreconditionFailed",
    code: "failed_precondition",
    status: 412,
    types: ["precondition_failed"],
    description: "If-Match has no tag that can be a version: send the ETag of an earlier response.",
    applies: ({ takesVersion }) => takesVersion,
  },
  {
    name: "PreconditionRequired",
    code: "failed_precondition",
    status: 428,
    types: ["precondition_required"],
    description: "If-Match is missing: send the ETag of the version that you change.",
    applies: ({ needsVersion }) => needsVersion,
  },
  {
    name: "QuotaExhausted",
    code: "resource_exhausted",
    types: ["rate_limited", "too_many_requests_in_flight", "sign_in_limited"],
    body: "limit",
    description: "The caller has used up its quota. Send the request again after Retry-After.",
    applies: always,
  },
  {
    name: "UpstreamRequestInvalid",
    code: "invalid_argument",
    types: ["upstream_path_invalid", "upstream_header_invalid"],
    description: "A value cannot be sent on to another service.",
    applies: callsUpstreams,
  },
  {
    name: "UpstreamFailed",
    code: "failed_precondition",
    status: 502,
    types: [
      ...["upstream_refused", "upstream_redirected", "upstream_reply_invalid", "upstream_reply_too_large"],
      ...["upstream_address_refused", "upstream_certificate_refused", "upstream_handshake_failed"],
    ],
    description: "Another service refused what was asked of it, or its reply cannot be used.",
    applies: callsUpstreams,
  },
  {
    name: "UpstreamBusy",
    code: "resource_exhausted",
    status: 503,
    types: ["upstream_rate_limited", "upstream_quota"],
    description: "Another service accepts no more requests for now. Come back after Retry-After.",
    applies: callsUpstreams,
  },
  { name: "Internal", code: "internal", description: "The service failed, and logged the cause.", applies: always },
  {
    name: "Unavailable",
    code: "unavailable",
    description: "The service lacks capacity at the moment. Send the request again after Retry-After.",
    applies: always,
  },
  {
    name: "DeadlineExceeded",
    code: "deadline_exceeded",
    description: "The operation did not end within its deadline and was stopped.",
    applies: always,
  },
] as const satisfies readonly PlatformFault[];
