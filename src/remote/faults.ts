import { Fault } from "../core/fault.ts";

/** Refuses options that cannot work. *Faults*: `remote_options_invalid`. */
export const optionsInvalid = (module: string, why: string): Fault =>
  new Fault({ code: "failed_precondition", type: "remote_options_invalid", message: `remote(${module}): ${why}` });

/** No address of the module can be called. Nothing was sent. */
export const remoteUnavailable = (module: string, cause?: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "remote_unavailable",
    message: `No process of the module ${module} can be reached. Try again in a moment.`,
    retryAfterMs: 1_000,
    cause,
  });

const refusals: ReadonlySet<string> = new Set(["overloaded", "shutting_down", "process_unavailable", "database_unavailable"]);

/**
 * Whether a callee has refused a call for lack of capacity, or of a connection to its database, so that another process may take it. What an operation
 * itself says of what it calls was tried there as often as it is worth: an attempt more at each step of the way would multiply them.
 */
export const isRefusal = ({ code, type }: Fault): boolean => code === "unavailable" && refusals.has(type);

/** The callee has no such operation. *Faults*: `contract_differs`. */
export const contractUnknown = (operation: string): Fault =>
  contractFault(
    operation,
    `The service that is called does not have ${operation}, and nothing was read. Deploy both with the same contract.`,
  );

/** The callee has another contract of the operation, with these fields in the way. *Faults*: `contract_differs`. */
export const contractDiffers = (operation: string, problems: readonly string[] = []): Fault => {
  const why = problems.length === 0 ? "" : ` (${problems.slice(0, mostProblems).join("; ")})`;
  const message = `The service that is called has another contract of ${operation}${why}, and nothing was read. Deploy both with contracts that fit.`;
  return contractFault(operation, message, problems);
};

const mostProblems = 8;

const contractFault = (operation: string, message: string, problems?: readonly string[]): Fault =>
  new Fault({
    ...{ code: "unavailable", type: "contract_differs", message },
    details: { operation, ...(problems !== undefined && problems.length > 0 && { fields: problems.slice(0, mostProblems) }) },
  });

/** The connection was lost before the reply of a call that may not be repeated. */
export const outcomeUnknown = (operation: string, cause?: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "remote_outcome_unknown",
    message: `The connection was lost before ${operation} replied, so it may have been done. Look whether it was, before you try again.`,
    cause,
  });

/** The process was lost in the middle of a stream. What came before is good. */
export const streamLost = (operation: string, cause?: unknown): Fault =>
  new Fault({
    code: "unavailable",
    type: "remote_stream_lost",
    message: `The process that ran ${operation} was lost in the middle of its stream. What came before is good: ask again for what follows.`,
    retryAfterMs: 1_000,
    cause,
  });

/** The reply of a call is no message of its contract, or too large. What it did, it has done. */
export const replyUnreadable = (operation: string, cause?: unknown): Fault =>
  new Fault({
    code: "internal",
    type: "remote_reply_unreadable",
    message: `The reply of ${operation} cannot be read. Deploy caller and callee with the same contract, and look at replyBytes.`,
    cause,
  });

/** What an actor is does not fit into the token of a call. */
export const actorTooLarge = (chars: number, most: number): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "internal_token_too_large",
    message: `The actor and its claims make a token of ${chars} characters, and at most ${most} can be sent. Have the issuer put less into its tokens.`,
  });

/** Refuses the token of a service. The reason goes to the log alone. */
export const tokenInvalid = (reason: string): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "internal_token_invalid",
    message: "The internal token is not valid here. Sign it with a key that this service has.",
    cause: reason,
  });

/** Refuses the token of a call whose time is over. */
export const tokenExpired = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "internal_token_expired",
    message: "The internal token has expired. Sign one for each call, and look at the clocks of both machines.",
  });
