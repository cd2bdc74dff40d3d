import { Fault } from "../core/fault.ts";
import { bearer } from "./authentication/bearer.ts";
import type { PeerCertificate } from "./authentication/peer-certificate.ts";
import type { AuthenticatorHost, CredentialPlace, IssuedCredential } from "./authentication/place.ts";

/** The caller of an operation. All requests with the same token share one actor, so it is frozen. */
export interface Actor {
  /** Unique within its tenant. */
  readonly id: string;
  readonly kind: "anonymous" | "user" | "service" | "system";
  readonly roles: readonly string[];
  /** The tenant for which the credentials were issued; undefined if they name none. */
  readonly tenant: string | undefined;
  /** The claims of the credentials, unchanged. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A caller who has not signed in. */
export const anonymous: Actor = Object.freeze({
  id: "anonymous",
  kind: "anonymous",
  roles: Object.freeze([]),
  tenant: undefined,
  claims: Object.freeze({}),
});

/** A token that was verified a moment ago, and how long that may be relied on. *Units*: wall time, milliseconds since the Unix epoch. */
export interface RememberedToken {
  readonly token: string;
  readonly actor: Actor;
  /** When it was verified: a clock that was set back before this makes it worth nothing. */
  readonly validFrom: number;
  /** The first instant at which it must be verified again. */
  readonly validUntil: number;
}

/** Whether what was remembered is still worth anything. Comparing the credentials is the caller's. */
export function stillHolds({ validFrom, validUntil }: RememberedToken, now: number): boolean {
  return now < validUntil && now >= validFrom;
}

/** How callers present credentials, and how missing or malformed ones are refused. */
export interface AuthenticationScheme {
  /** Its name in documents. */
  readonly scheme: string;
  /** Where callers present the credentials. *Default*: in `Authorization`. */
  readonly place?: CredentialPlace;
  /** Takes the credentials out of an `Authorization` header, or out of what stands in `place`; undefined where it is of another scheme. Never throws. */
  credentialsIn(header: string): string | undefined;
  /** Makes the fault of a caller who sent no credentials; its code is `unauthenticated`. `needs`: who may call, as in `the role customer`. */
  missing(needs: string): Fault;
  /** Makes the fault of a header of another scheme; its code is `unauthenticated`. */
  unreadable(): Fault;
  /** Returns the value of `WWW-Authenticate` for a refusal with this fault. *Source*: RFC 9110 section 11.6.1. */
  challenge(fault: Fault): string;
}

/** Turns the credentials of a caller into an actor. */
export interface Authenticator extends AuthenticationScheme {
  /** What a document says of it: an OpenAPI security scheme. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The schemes that it consists of, for documents. *Default*: itself alone. */
  readonly parts?: readonly Authenticator[];
  /** Binds it to the app that uses it, before anything else is asked of it. *Default*: it needs nothing of the app. */
  open?(host: AuthenticatorHost): Authenticator;
  /** What every reply to an actor that it returned gives to the client, in place of the credential that came. *Default*: nothing. */
  renewed?(actor: Actor): IssuedCredential | undefined;
  /**
   * Verifies credentials (of bearer: the token), at once when they are remembered.
   * *Faults thrown*, at once or by the promise: `unauthenticated`, its type saying why; `unavailable` where too many are being verified.
   */
  authenticate(token: string): Actor | Promise<Actor>;
  /** What is remembered of a token, if it is and still holds; surfaces keep it with the connection. Never waits, never throws. */
  remembered(token: string): RememberedToken | undefined;
  /**
   * Names the actor by the certificate of the connection, where the request has no `Authorization`; undefined if the certificate says nothing to this scheme.
   * *Units*: `now` is in milliseconds since the Unix epoch.
   * *Default*: certificates are not looked at. *Faults thrown*, at once or by the promise: `unauthenticated`.
   */
  byCertificate?: ((certificate: PeerCertificate, now: number) => Actor | Promise<Actor> | undefined) | undefined;
}

/** The parts of {@link authenticator}. */
export interface AuthenticatorSpec {
  /**
   * Turns the text after `Bearer` in the `Authorization` header into an actor, or throws {@link badCredential}. Plimsoll calls it for every request with
   * a credential, before it reads the body: set a timeout on each call that it waits for, and cache results that take long to get.
   */
  readonly authenticate: (credential: string) => Actor | Promise<Actor>;
  /** How the OpenAPI document describes the credential. */
  readonly description?: string;
}

/**
 * Makes an authenticator of your own, for API keys or sessions.
 *
 * Use `badCredential` to refuse a credential; any other error that it throws is a bug and becomes a 500. The app's `tenancy` finds the tenant of the
 * actor: with `claim("tid")`, put the tenant into the claims.
 * @example
 * createApp({ authentication: authenticator({ authenticate: (key) => clients.get(hashOf(key)) ?? badCredential("The API key is unknown.") }), … })
 */
export function authenticator({ authenticate, description }: AuthenticatorSpec): Authenticator {
  return {
    ...bearer,
    document: { type: "http", scheme: "bearer", ...(description !== undefined && { description }) },
    authenticate,
    remembered: () => undefined,
  };
}

/**
 * Refuses a credential with 401 `token_invalid` and a message for the caller. Only the log has the `cause`.
 * *Faults thrown*: `unauthenticated`.
 */
export function badCredential(message: string, cause?: unknown): never {
  throw new Fault({ code: "unauthenticated", type: "token_invalid", message, cause });
}

/** How an app finds the tenant of an actor. */
export interface Tenancy {
  readonly description: string;
  tenantOf(actor: Actor): string | undefined;
}

/**
 * Takes the tenant from a claim of the token.
 * @example createApp({ tenancy: claim("tid"), … })
 */
export function claim(name: string): Tenancy {
  return {
    description: `claim ${name}`,
    tenantOf: ({ claims }) => {
      const value = claims[name];
      return typeof value === "string" && value !== "" ? value : undefined;
    },
  };
}

/** Declares that the app has no tenants. The default. */
export function none(): Tenancy {
  return { description: "none", tenantOf: () => undefined };
}
