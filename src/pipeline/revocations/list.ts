import type { Actor } from "../../operation/actor.ts";
import { keyOf } from "../../operation/authentication/credentials.ts";
import type { RevocationEntry } from "../../operation/authentication/revocations.ts";

/** What is known of the credentials of an actor. */
export type Verdict = "good" | "revoked" | "outlives";

/** One actor object stands for one token, so that what its claims say is read once. */
interface Known {
  /** Of what the verdict was made. */
  version: number;
  verdict: Verdict;
  readonly ids: readonly string[];
  readonly users: readonly string[];
  /** *Units*: milliseconds since the Unix epoch; before all where it is not known. */
  readonly issuedAt: number;
}

/** The revocations that one process knows, and what they mean for an actor. */
export class RevocationList {
  /** Until when credentials must have been issued to be revoked; always, for sessions and keys. */
  #entries = new Map<string, number>();
  #version = 0;
  #known = new WeakMap<Actor, Known>();
  readonly #longestMs: number;

  /** `longestMs`: how long a token may be valid at most, as revocations are kept no longer. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes revocations in; `whole`: all others have ended. */
  take(entries: readonly RevocationEntry[], whole: boolean): void {
    if (whole) this.#entries = new Map();
    else if (entries.length === 0) return;
    for (const { kind, tenant, id, beforeMs } of entries) {
      const name = nameOf(kind, tenant, id);
      const before = beforeMs ?? Number.POSITIVE_INFINITY;
      this.#entries.set(name, Math.max(before, this.#entries.get(name) ?? before));
    }
    this.#version++;
  }

  /** Judges the credentials by which an actor signed in: after the first time, that is one look-up until the list changes. */
  judge(actor: Actor, tenant: string | undefined): Verdict {
    const known = this.#known.get(actor) ?? this.#read(actor, tenant);
    if (known.version !== this.#version && known.verdict !== "outlives") {
      known.version = this.#version;
      known.verdict = this.#isRevoked(known) ? "revoked" : "good";
    }
    return known.verdict;
  }

  #isRevoked({ ids, users, issuedAt }: Known): boolean {
    const entries = this.#entries;
    return ids.some((id) => entries.has(id)) || users.some((user) => issuedAt < (entries.get(user) ?? Number.NEGATIVE_INFINITY));
  }

  #read(actor: Actor, tenant: string | undefined): Known {
    const { sid, jti, iat, exp } = actor.claims;
    const key = keyOf(actor);
    const tenants = tenant === undefined ? [""] : ["", tenant];
    const sessions = [sid, jti].filter((id) => typeof id === "string");
    const issuedAt = typeof iat === "number" ? iat * 1_000 : (key?.issuedAt ?? Number.NEGATIVE_INFINITY);
    const known: Known = {
      ids: tenants.flatMap((of) => [
        ...sessions.map((id) => nameOf("session", of, id)),
        ...(key === undefined ? [] : [nameOf("key", of, key.id)]),
      ]),
      users: tenants.map((of) => nameOf("user", of, actor.id)),
      // What is valid for longer than revocations are kept would be good again when they have ended.
      verdict: typeof exp === "number" && !(exp * 1_000 - issuedAt <= this.#longestMs) ? "outlives" : "good",
      ...{ issuedAt, version: -1 },
    };
    this.#known.set(actor, known);
    return known;
  }
}

/** Tenants and ids have any text. */
function nameOf(kind: RevocationEntry["kind"], tenant: string, id: string): string {
  return JSON.stringify([kind, tenant, id]);
}
