import assert from "node:assert";
import type { Fault } from "../../core/fault.ts";
import { linesOf, loadLines } from "../../core/load-line/load-lines.ts";
import type { Actor, Authenticator, RememberedToken } from "../actor.ts";
import type { PeerCertificate } from "./peer-certificate.ts";
import type { AuthenticatorHost, CredentialPlace, IssuedCredential } from "./place.ts";

/** As many as anyone needs; the mark of each is one character. */
const mostParts = 8;

/**
 * Makes one authenticator of several, or returns the only one. The first that finds credentials of its own form in the header decides, and no other is tried after it: a credential
 * that one scheme refuses must not become good by another.
 */
export function chain(parts: Authenticator | readonly [Authenticator, ...Authenticator[]]): Authenticator {
  if (!isList(parts)) return parts;
  return parts.length === 1 ? parts[0] : new Chain(parts);
}

/** What a request has of credentials. */
export interface Presented {
  readonly authorization: string | undefined;
  textAt(place: CredentialPlace): string | undefined;
}

/** The credentials that count. */
export interface FoundCredential {
  /** For the authenticator; undefined if they are of no scheme that it knows. */
  readonly token: string | undefined;
  readonly place: CredentialPlace | undefined;
}

/**
 * Finds the credentials of a request for an authenticator whose schemes look in several places; undefined if there are none. What a browser sends by itself, a cookie,
 * counts only where the caller presents nothing else.
 */
export function credentialOf(authenticator: Authenticator, presented: Presented): FoundCredential | undefined {
  const parts = authenticator.parts ?? [authenticator];
  const isMarked = authenticator.parts !== undefined;
  let unreadable: FoundCredential | undefined;
  for (const ambient of [false, true]) {
    for (const [at, part] of parts.entries()) {
      const { place } = part;
      if ((place?.in === "cookie") !== ambient) continue;
      const text = place === undefined ? presented.authorization : presented.textAt(place);
      if (text === undefined) continue;
      const credentials = part.credentialsIn(text);
      if (credentials !== undefined) return { token: isMarked ? `${at}${credentials}` : credentials, place };
      if (!ambient) unreadable = { token: undefined, place };
    }
    if (unreadable !== undefined) return unreadable;
  }
  return undefined;
}

/** `Array.isArray` does not tell the compiler of lists that cannot be changed. */
function isList<T>(value: T | readonly [T, ...T[]]): value is readonly [T, ...T[]] {
  return Array.isArray(value);
}

class Chain implements Authenticator {
  readonly scheme: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly parts: readonly Authenticator[];
  readonly byCertificate: Authenticator["byCertificate"];
  readonly #first: Authenticator;
  /** Who refused: its challenge says why, those of the others only that they would do. */
  readonly #refusedBy = new WeakMap<Fault, Authenticator>();

  constructor(parts: readonly [Authenticator, ...Authenticator[]]) {
    const names = parts.map(({ scheme }) => scheme);
    assert(parts.length <= mostParts, `createApp({ authentication }) lists ${parts.length} schemes. List at most ${mostParts}.`);
    assert(
      new Set(names).size === names.length,
      `createApp({ authentication }) lists two schemes of one name: ${names.join(", ")}. Documents tell them apart by it: give each its own.`,
    );
    this.parts = parts;
    this.#first = parts[0];
    this.scheme = names.join(".");
    this.document = this.#first.document;
    const looking = parts.filter((part) => part.byCertificate !== undefined);
    if (looking.length > 0) this.byCertificate = (certificate, now) => this.#byCertificate(looking, certificate, now);
  }

  /** The first that knows the certificate decides. */
  #byCertificate(looking: readonly Authenticator[], certificate: PeerCertificate, now: number): Actor | Promise<Actor> | undefined {
    for (const part of looking) {
      const actor = this.#noting(part, () => part.byCertificate?.(certificate, now));
      if (actor !== undefined) return actor;
    }
    return undefined;
  }

  /** The limits of all of them, for the app that uses them. */
  get [loadLines]() {
    return this.parts.flatMap((part) => linesOf(part));
  }

  /** Marked by the place of their scheme in the list. */
  credentialsIn(header: string): string | undefined {
    for (const [at, part] of this.parts.entries()) {
      const credentials = part.credentialsIn(header);
      if (credentials !== undefined) return `${at}${credentials}`;
    }
    return undefined;
  }

  missing(needs: string): Fault {
    return this.#first.missing(needs);
  }
  unreadable(): Fault {
    return this.#first.unreadable();
  }

  challenge(fault: Fault): string {
    const by = this.#refusedBy.get(fault);
    const challenges = new Map<string, string>();
    for (const part of by === undefined ? this.parts : [by, ...this.parts]) {
      const challenge = part.challenge(part === by ? fault : part.missing("credentials"));
      const [name = ""] = challenge.split(" ", 1);
      // Several of one name would be one with contradicting parts.
      if (!challenges.has(name)) challenges.set(name, challenge);
    }
    return [...challenges.values()].join(", ");
  }

  open(host: AuthenticatorHost): Authenticator {
    const [first, ...others] = this.parts.map((part) => part.open?.(host) ?? part);
    return new Chain([first as Authenticator, ...others]);
  }

  renewed(actor: Actor): IssuedCredential | undefined {
    for (const part of this.parts) {
      const renewed = part.renewed?.(actor);
      if (renewed !== undefined) return renewed;
    }
    return undefined;
  }

  authenticate(marked: string): Actor | Promise<Actor> {
    const part = this.#partOf(marked);
    return this.#noting(part, () => part.authenticate(marked.slice(1)));
  }

  /** Remembers who refused. */
  #noting<T extends Actor | Promise<Actor> | undefined>(part: Authenticator, call: () => T): T {
    const note = (error: unknown): never => {
      if (typeof error === "object" && error !== null) this.#refusedBy.set(error as Fault, part);
      throw error;
    };
    try {
      const actor = call();
      return actor instanceof Promise ? (actor.catch(note) as T) : actor;
    } catch (error) {
      return note(error);
    }
  }

  remembered(marked: string): RememberedToken | undefined {
    return marked === "" ? undefined : this.#partOf(marked).remembered(marked.slice(1));
  }

  #partOf(marked: string): Authenticator {
    return this.parts[Number(marked[0])] ?? this.#first;
  }
}
