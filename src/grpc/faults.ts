import { Fault } from "../core/fault.ts";

/** Refuses a path that no method has. */
export const methodUnknown = (path: string): Fault =>
  new Fault({
    code: "unimplemented",
    type: "method_unknown",
    message: `There is no method ${path.slice(0, 200)}. Call one of the descriptor of this server, with its package, service and name.`,
  });

/** Refuses a call whose one message did not come, or has another behind it. */
export const notOneMessage = (came: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "message_count",
    message: `The method takes one message, and ${came}. Send one, and end the call.`,
  });

/** Refuses what is no request of gRPC. */
export const notGrpc = (why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "media_type_unsupported",
    status: 415,
    message: `${why} Send a POST of gRPC, with "content-type: application/grpc".`,
  });

/** Refuses a `grpc-timeout` that is none. */
export const timeoutInvalid = (header: string, form: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "timeout_invalid",
    message: `The header ${header} is not a timeout of its protocol. Send ${form}, or leave it out.`,
    details: { header },
  });

/** Refuses a call without the token of a service, on a port that is for services. */
export const internalTokenMissing = (): Fault =>
  new Fault({
    code: "unauthenticated",
    type: "internal_token_missing",
    message:
      "This port serves other services of the system alone, and the call has no token of one. Call it with remote() of plimsoll/remote.",
  });

/** Refuses a call of a service whose contract has other messages than ours: what it sends would be read as something else. */
export const contractDiffers = (operation: string): Fault =>
  new Fault({
    code: "unavailable",
    type: "contract_differs",
    message: `The caller and this service have different contracts of ${operation}, and nothing was read. Deploy both with the same contract.`,
    details: { operation },
  });

/** Refuses to start with fields whose numbers are not kept. */
export const numbersNotKept = (added: readonly string[], file: string | URL): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "contract_numbers_not_kept",
    message: `gRPC has numbers for ${added.slice(0, 5).join(", ")}${added.length > 5 ? ` and ${added.length - 5} more` : ""} that ${String(file)} does not keep, so that they may change with the next field. Run "plimsoll contracts --entry app.ts --write", or lockNumbers({ modules }) of plimsoll/grpc, and commit the file.`,
    details: { added: added.slice(0, 100) },
  });
