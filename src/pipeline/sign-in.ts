import { Fault } from "../core/fault.ts";
import { type Actor, type Authenticator, anonymous } from "../operation/actor.ts";
import type { PeerCertificate } from "../operation/authentication/peer-certificate.ts";
import { presentCredentials } from "./rate.ts";
import type { RunningExecution } from "./state/running-execution.ts";

/**
 * Says who asks, by what stands in `Authorization` or in its place; a caller who presents nothing is anonymous.
 * *Faults thrown*, at once or by the promise: those of the authenticator, and as {@link presentCredentials}.
 */
export function signIn(
  execution: RunningExecution,
  authenticator: Authenticator | undefined,
  authorization: string | undefined,
): Actor | Promise<Actor> {
  if (authorization === undefined || authenticator === undefined) return anonymous;
  const token = authenticator.credentialsIn(authorization);
  const remembered = token === undefined ? undefined : authenticator.remembered(token);
  return remembered === undefined ? verify(execution, authenticator, token) : remembered.actor;
}

/** Verifies a token that is not remembered, at the rate of strangers: until it is verified its sender is one. */
export function verify(execution: RunningExecution, authenticator: Authenticator, token: string | undefined): Actor | Promise<Actor> {
  const presented = presentCredentials(execution);
  const authenticate = () => {
    if (token !== undefined) return authenticator.authenticate(token);
    throw authenticator.unreadable();
  };
  return presented === undefined ? authenticate() : presented.then(authenticate);
}

/**
 * Says who asks, by the certificate of the connection, where nothing stands in `Authorization`.
 * *Faults thrown*, at once or by the promise: those of the authenticator, and of a certificate that is not trusted as {@link presentCredentials}.
 */
export function signInByCertificate(
  execution: RunningExecution,
  authenticator: Authenticator,
  certificate: PeerCertificate | undefined,
): Actor | Promise<Actor> {
  if (certificate === undefined || authenticator.byCertificate === undefined) return anonymous;
  const authenticate = () => authenticator.byCertificate?.(certificate, execution.startedAt) ?? anonymous;
  // Until it is verified its sender is a stranger.
  const presented = certificate.trusted ? undefined : presentCredentials(execution);
  return presented === undefined ? authenticate() : presented.then(authenticate);
}

/** The fault of an execution whose caller left before the reply: what it asked for is undone. */
export const callerLeft = (): Fault =>
  new Fault({ code: "cancelled", type: "client_disconnected", message: "The client disconnected before the response." });
