import type { Code } from "../core/code.ts";
import { Fault } from "../core/fault.ts";

/** Is a fault that a call ends with: of the operation, of the platform, or of the way to it. */
export class CallFault<T extends string = string, D = unknown> extends Fault<D> {
  declare readonly type: T;
  /** The id of the request in the logs of the service; undefined where no reply came. */
  readonly requestId: string | undefined;

  constructor(init: {
    readonly code: Code;
    readonly type: T;
    readonly message: string;
    readonly details?: D | undefined;
    readonly cause?: unknown;
    readonly status?: number;
    readonly retryAfterMs?: number | undefined;
    readonly requestId?: string | undefined;
  }) {
    const { retryAfterMs, details, ...rest } = init;
    super({ ...rest, details: details as D, ...(retryAfterMs !== undefined && { retryAfterMs }) });
    this.name = "CallFault";
    this.requestId = init.requestId;
  }
}

/** A proxy between client and service replies without a problem document: its status says what it is. */
const codesByStatus: Readonly<Record<number, Code>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  408: "unavailable",
  409: "aborted",
  429: "resource_exhausted",
  502: "unavailable",
  503: "unavailable",
  504: "deadline_exceeded",
};

const prefix = "urn:plimsoll:";

interface Problem {
  readonly type: string;
  readonly code: Code;
  readonly detail: string;
  readonly details?: object;
  readonly problems?: readonly unknown[];
  readonly requestId?: string;
  readonly status?: number;
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { type, code, detail } = value as Partial<Problem>;
  return typeof type === "string" && type.startsWith(prefix) && typeof code === "string" && typeof detail === "string";
}

/** Returns the fault that a problem document is, or undefined if the value is none. *Source*: RFC 9457. */
export function faultOf(problem: unknown, facts: ReplyFacts = {}): CallFault | undefined {
  if (!isProblem(problem)) return undefined;
  const { type, code, detail: message, problems, requestId, status = 0 } = problem;
  const details = problems === undefined ? problem.details : { ...problem.details, problems };
  return new CallFault<string, unknown>({ status, ...facts, code, type: type.slice(prefix.length), message, requestId, details });
}

/** What a reply says beside its body. */
export interface ReplyFacts {
  readonly status?: number;
  readonly retryAfterMs?: number | undefined;
}

/** Reads the fault of a reply that is no success. */
export function faultOfReply(response: Response, text: string): CallFault {
  const { status, headers } = response;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  // A date is of the clock of the service, which is not that of the caller.
  const facts = { status, retryAfterMs: seconds >= 0 ? seconds * 1_000 : undefined };
  const code = codesByStatus[status] ?? (status < 500 ? "failed_precondition" : "internal");
  return (
    faultOf(parsed(text), facts) ??
    new CallFault({ ...facts, code, type: code, message: `The reply has the status ${status}, and is not from the service itself.` })
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The reply is not what its contract says. */
export const replyMalformed = (what: string, cause?: unknown): CallFault =>
  new CallFault({
    ...{ code: "internal", type: "reply_malformed", cause },
    message: `${what} Check that the address is that of the service, and that its version fits.`,
  });

/** No reply came, or not all of it. */
export const networkFailed = (cause: unknown): CallFault =>
  new CallFault({
    ...{ code: "unavailable", type: "network_failed", cause },
    message: "The service could not be reached, or the connection broke before its reply was complete. Try again later.",
  });

/** The caller does not wait any longer. */
export const callerGone = (reason: unknown): CallFault =>
  new CallFault({ ...{ code: "cancelled", type: "cancelled", cause: reason }, message: "The caller aborted the call." });

/** The time of the caller is used up; *cause* is what the last attempt ended with. */
export const callerTimedOut = (deadlineMs: number, cause?: unknown): CallFault =>
  new CallFault({
    ...{ code: "deadline_exceeded", type: "deadline_exceeded", cause },
    message: `There was no reply within the ${deadlineMs} ms that the caller gave the call. The operation may have run.`,
  });

/** There is no such operation in the routes. */
export const routeUnknown = (path: string): CallFault =>
  new CallFault({
    ...{ code: "unimplemented", type: "client_route_unknown" },
    message: `The routes of this client have no operation ${path}. Declare its http, and take the routes from the same contracts: clientRoutes(contracts).`,
  });

/** The reply is a file, which the contract's types do not say. */
export const fileReceived = (path: string): CallFault =>
  new CallFault({
    ...{ code: "failed_precondition", type: "client_file_received" },
    message: `${path} sends a file and not its output. Call it with .file(), as in await api.${path}(input).file().`,
  });
