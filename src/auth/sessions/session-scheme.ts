import assert from "node:assert";
import type { Clock } from "../../core/clock.ts";
import { type Fault, refusal } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine, type RefusalCount } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import { overloaded } from "../../core/load-line/refusal.ts";
import { type Actor, type Authenticator, anonymous, type RememberedToken } from "../../operation/actor.ts";
import type { CredentialPlace, IssuedCredential } from "../../operation/authentication/place.ts";
import { hasSession } from "../../operation/authentication/session-of.ts";
import type { FoundSession, SessionStore } from "../../operation/authentication/session-store.ts";
import { hashOf, isToken, newToken } from "../random-token.ts";
import { RememberedTokens } from "../remembered-tokens.ts";
import type { SessionSettings } from "./settings.ts";

/** What the sessions of one app need. */
export interface OpenSessions {
  readonly clock: Clock;
  readonly store: SessionStore;
}

/** Authenticates the cookies of sessions. Until an app has opened it, it only describes itself. */
export class SessionScheme implements Authenticator {
  readonly scheme = "session";
  readonly document: Readonly<Record<string, unknown>>;
  readonly place: CredentialPlace;
  readonly #settings: SessionSettings;
  readonly #opened: OpenSessions | undefined;
  readonly #remembered = new RememberedTokens(limits.rememberedTokens);
  readonly #using = new Map<string, Promise<Actor>>();
  /** What the replies to the requests of an actor give to its client. */
  readonly #renewed = new WeakMap<Actor, IssuedCredential>();
  /** The app that has opened it lists this; a scheme that only describes itself looks nothing up. */
  readonly #lookUps: { readonly line: LoadLine; readonly full: RefusalCount } | undefined;

  constructor(settings: SessionSettings, opened: OpenSessions | undefined) {
    const { name, origins } = settings;
    this.#settings = settings;
    this.#opened = opened;
    this.place = { in: "cookie", name, origins };
    this.document = {
      type: "apiKey",
      in: "cookie",
      name,
      description: "The session of a browser, which a sign-in starts. Any response may set the cookie to a new token.",
    };
    if (opened === undefined) return;
    const line = new LoadLine({
      ...{ name: "sessions being looked up", unit: "sessions", declared: limits.verifyingTokens },
      now: () => this.#using.size,
    });
    this.#lookUps = { line, full: line.reason("full") };
  }

  /** Its limit, for the app that uses it. */
  get [loadLines](): readonly LoadLine[] {
    return this.#lookUps === undefined ? [] : [this.#lookUps.line];
  }

  credentialsIn(cookie: string): string | undefined {
    return cookie === "" ? undefined : cookie;
  }

  missing(needs: string): Fault {
    return missing(
      `This operation needs ${needs}, and the request has no session, or one that has ended. Sign in and send the request again.`,
    );
  }
  unreadable(): Fault {
    return missing("The request has no session. Sign in and send the request again.");
  }
  challenge(): string {
    return `Cookie cookie-name="${this.#settings.name}"`;
  }

  renewed(actor: Actor): IssuedCredential | undefined {
    return this.#renewed.get(actor);
  }

  remembered(token: string): RememberedToken | undefined {
    return this.#opened && isToken(token) ? this.#remembered.get(token, this.#opened.clock.now()) : undefined;
  }

  authenticate(token: string): Actor | Promise<Actor> {
    if (!isToken(token)) return this.#ended();
    return this.remembered(token)?.actor ?? this.#using.get(token) ?? this.#use(token);
  }

  #use(token: string): Promise<Actor> {
    const { size } = this.#using;
    const { clock } = this.#app;
    const { line, full } = this.#lookUps ?? assert.fail("an opened scheme bounds its look-ups");
    if (size >= limits.verifyingTokens && line.refuses(full))
      throw overloaded({ limit: line.name, value: limits.verifyingTokens, load: size }, clock.random());
    line.admits(size + 1);
    const using = this.#find(token).finally(() => this.#using.delete(token));
    this.#using.set(token, using);
    return using;
  }

  async #find(token: string): Promise<Actor> {
    const { clock, store } = this.#app;
    const { rotateMs, rememberMs } = this.#settings;
    const renewal = newToken(clock);
    // Before it is asked: what ends while the answer is on its way ends for this process in time.
    const validFrom = clock.now();
    const found = await store.use({ hash: hashOf(token), newHash: hashOf(renewal), rotateMs });
    if (found === undefined) return this.#ended();
    const actor = this.#actorOf(found);
    if (found.rotated) this.#renewed.set(actor, this.#cookie(renewal));
    const validUntil = validFrom + Math.min(rememberMs, found.leftMs);
    if (validUntil > validFrom) this.#remembered.add({ token, actor, validFrom, validUntil });
    return actor;
  }

  #actorOf({ id, actorId, tenant, roles, claims, startedMs }: FoundSession): Actor {
    const { tenantClaim } = this.#settings;
    // As a token has them: revocations know a session by its id, and how old it is.
    const named = { ...claims, ...(tenant !== undefined && { [tenantClaim]: tenant }), sid: id, iat: startedMs / 1_000 };
    const actor: Actor = Object.freeze({
      ...{ id: actorId, kind: "user", tenant },
      roles: Object.freeze([...roles]),
      claims: Object.freeze(named),
    });
    hasSession(actor, id);
    return actor;
  }

  /** A browser sends its cookie with each request, also with the next sign-in: a session that has ended is none. */
  #ended(): Actor {
    const actor: Actor = Object.freeze({ ...anonymous });
    this.#renewed.set(actor, this.#cookie(""));
    return actor;
  }

  #cookie(value: string): IssuedCredential {
    const { name, sameSite, absoluteMs } = this.#settings;
    return { name, value, lifetimeSeconds: value === "" ? 0 : Math.floor(absoluteMs / 1_000), sameSite };
  }

  get #app(): OpenSessions {
    assert(
      this.#opened !== undefined,
      "sessions() that no app has opened authenticate no request. Pass them to createApp({ authentication }).",
    );
    return this.#opened;
  }
}

const missing = (message: string): Fault => refusal({ code: "unauthenticated", type: "session_missing", message });
