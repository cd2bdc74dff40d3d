import assert from "node:assert";
import { systemClock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Authenticator } from "../../operation/actor.ts";
import { type AuthenticatorHost, issue } from "../../operation/authentication/place.ts";
import { sessionOf } from "../../operation/authentication/session-of.ts";
import type { WriteScope } from "../../operation/scope.ts";
import { isName } from "../claims.ts";
import { hashOf, newToken } from "../random-token.ts";
import { type OpenSessions, SessionScheme } from "./session-scheme.ts";
import { readSessionOptions, type SessionOptions } from "./settings.ts";

/** Whose session it is. */
export interface SessionSubject {
  readonly id: string;
  /** *Default*: none. They are kept as they are at the sign-in: end the sessions of a user whose roles change. */
  readonly roles?: readonly string[];
  /** *Default*: none. *Bounds*: `limits.sessionClaimsBytes` as JSON. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What sessions need of the scope of a command. */
export type SessionScope = Pick<WriteScope, "sql" | "actor" | "tenant" | "newId" | typeof issue>;

/** Sessions in cookies: a scheme for `createApp({ authentication })`, and what starts and ends them in commands. */
export interface Sessions extends Authenticator {
  /**
   * Starts a session in the transaction of a command, for the tenant of its scope, and gives its token to the caller as a cookie if the operation succeeds.
   * The session that the caller had ends.
   * *Bounds*: an actor has `limits.sessionsPerActor` sessions; the oldest ends. *Guarantees*: the database keeps the hash of the token alone.
   * @example await session.start(scope, { id: user.id, roles: user.roles });
   */
  start(scope: SessionScope, subject: SessionSubject): Promise<void>;
  /** Ends the session of the caller in the transaction of a command, and has the browser forget its cookie. */
  end(scope: SessionScope): Promise<void>;
  /**
   * Ends all sessions of a user of the scope's tenant, in the transaction of a command: after a change of the password or the roles, for example. Returns how many.
   * `keepOwn`: but for the caller's own. *Guarantees*: a second after the commit no process accepts them.
   * @example await session.endAllOf(scope, userId);
   */
  endAllOf(scope: SessionScope, actorId: string, options?: { readonly keepOwn?: boolean }): Promise<number>;
}

/**
 * Declares sessions in cookies, for browsers. Pass it to `createApp({ authentication })`, and use its functions in the commands that sign callers in and out.
 *
 * A request that writes is refused if a page of another origin sends it. A session that has ended makes a caller anonymous, and clears the cookie.
 * The app needs a database. *Guarantees*: a token is 256 random bits; it is replaced at every sign-in and while it is used.
 * @example
 * export const session = sessions({ idle: "30m" });
 * createApp({ authentication: session, database, … });
 */
export function sessions(options: SessionOptions = {}): Sessions {
  const settings = readSessionOptions(options);
  const scheme = new SessionScheme(settings, undefined);
  const { name, absoluteMs, idleMs, sameSite } = settings;
  const give = (scope: SessionScope, value: string) =>
    scope[issue]({ name, value, lifetimeSeconds: value === "" ? 0 : Math.floor(absoluteMs / 1_000), sameSite });
  return Object.assign(scheme, {
    open: (host: AuthenticatorHost) => new SessionScheme(settings, openedFor(host)),
    async start(scope: SessionScope, { id: actorId, roles = [], claims = {} }: SessionSubject) {
      const { sql, tenant = null, actor } = scope;
      assert(
        isName(actorId) && roles.every(isName),
        "session.start: the id and the roles of a user are texts of 1 to 255 characters without control characters.",
      );
      const text = JSON.stringify(claims);
      const { sessionClaimsBytes: most } = limits;
      assert(
        Buffer.byteLength(text) <= most,
        `session.start({ claims }) takes at most ${most} bytes as JSON. Keep the rest in a table, by the id of the user.`,
      );
      const token = newToken(systemClock);
      const own = sessionOf(actor);
      if (own !== undefined) await sql`select plimsoll.end_session(${own}::uuid)`.run();
      await sql`select plimsoll.start_session(
        ${scope.newId()}::uuid, ${hashOf(token)}::bytea, ${actorId}, ${tenant}, ${roles}::text[], ${text}::jsonb, ${idleMs}, ${absoluteMs}, ${limits.sessionsPerActor})`.run();
      give(scope, token);
    },
    async end(scope: SessionScope) {
      const own = sessionOf(scope.actor);
      if (own !== undefined) await scope.sql`select plimsoll.end_session(${own}::uuid)`.run();
      give(scope, "");
    },
    async endAllOf(scope: SessionScope, actorId: string, { keepOwn = false }: { readonly keepOwn?: boolean } = {}) {
      const { sql, tenant = null, actor } = scope;
      const kept = keepOwn ? (sessionOf(actor) ?? null) : null;
      const { ended } = await sql<{
        readonly ended: number;
      }>`select plimsoll.end_sessions(${actorId}, ${tenant}, ${kept}::uuid) as ended`.one();
      return ended;
    },
  });
}

function openedFor({ clock, sessions: store }: AuthenticatorHost): OpenSessions {
  if (store !== undefined) return { clock, store };
  throw new Fault({
    code: "failed_precondition",
    type: "sessions_unavailable",
    message: "The app authenticates by sessions() and has no database to keep them in. Give createApp a database.",
  });
}
