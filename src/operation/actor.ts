/** Who asks. One actor is shared by all requests that carry the same token, so it is frozen. */
export interface Actor {
  /** Unique within its tenant. */
  readonly id: string;
  readonly kind: "anonymous" | "user" | "service" | "system";
  readonly roles: readonly string[];
  /** On whose behalf the credentials were given out; undefined where they name no tenant. */
  readonly tenant: string | undefined;
  /** All that the credentials say, as they say it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Nobody signed in. */
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

/** Turns what a caller presents into an actor; the adapters live in `auth/`. */
export interface Authenticator {
  readonly scheme: "bearer";
  /** What a document says of it: an OpenAPI security scheme. */
  readonly document: Readonly<Record<string, unknown>>;
  /**
   * Verifies a token, and at once when it is remembered.
   * *Faults thrown*, at once or by the promise: `unauthenticated`, its type saying why; `unavailable` where too many are being verified.
   */
  authenticate(token: string): Actor | Promise<Actor>;
  /** What is remembered of a token, if it is and still holds; surfaces keep it with the connection. Never waits, never throws. */
  remembered(token: string): RememberedToken | undefined;
}

/** How an app knows on whose behalf an actor asks. */
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

/** One tenant: nothing is kept apart. The default. */
export function none(): Tenancy {
  return { description: "none", tenantOf: () => undefined };
}
