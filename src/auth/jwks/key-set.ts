import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { LoadLine } from "../../core/load-line/load-line.ts";
import { overloaded } from "../../core/load-line/refusal.ts";
import { chooseKey, type KeySource, type TokenAlgorithm, type VerifyingKey } from "../keys.ts";
import { type FetchBounds, fetchJson, unusable } from "./fetch-json.ts";
import { locateKeys } from "./locate.ts";
import { readKeys } from "./read-keys.ts";

/** What a fetched key set is made from. */
export interface KeySetOptions extends FetchBounds {
  /** Where the keys are; undefined where the issuer's own document says it. */
  readonly url: string | undefined;
  readonly issuer: string;
  readonly algorithms: readonly TokenAlgorithm[] | undefined;
  /** From this age on the keys are fetched again, while they are still used. *Units*: milliseconds. */
  readonly refreshMs: number;
  /** From this age on the keys are not used any more. *Units*: milliseconds. */
  readonly keepMs: number;
}

interface FetchedKeys {
  readonly keys: readonly VerifyingKey[];
  /** *Units*: monotonic milliseconds. */
  readonly at: number;
}

/**
 * The keys of an issuer, fetched when a token needs them.
 * *Guarantees*: one fetch at a time; a key that is not in the set causes at most one fetch in `limits.keySetRetryMs`, whatever callers send. A fetch
 * that fails leaves the keys as they are.
 */
export class KeySet implements KeySource {
  readonly #options: KeySetOptions;
  readonly #clock: Clock;
  #fetched: FetchedKeys | undefined;
  #fetching: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #waiting = 0;
  /** How old the keys are, and how old they may be. */
  readonly age: LoadLine;
  /** Requests that wait for a fetch. */
  readonly line: LoadLine;
  readonly #full;
  readonly #old;

  constructor(options: KeySetOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.line = new LoadLine({
      ...{ name: "tokens waiting for keys", unit: "tokens", declared: limits.waitingForKeys },
      now: () => this.#waiting,
    });
    this.age = new LoadLine({
      ...{ name: "age of the issuer's keys", unit: "seconds", declared: options.keepMs / 1_000 },
      now: () => (this.#fetched === undefined ? 0 : Math.round((this.#clock.monotonic() - this.#fetched.at) / 1_000)),
      fixed: "Keys that the issuer may have withdrawn must not be used for ever. Change jwks({ keepFor }).",
    });
    this.#full = this.line.reason("full");
    this.#old = this.age.reason("over");
  }

  choose(header: Readonly<Record<string, unknown>>): VerifyingKey | undefined | Promise<VerifyingKey | undefined> {
    const now = this.#clock.monotonic();
    const known = this.#usable(now);
    const key = known === undefined ? undefined : chooseKey(known.keys, header);
    if (key !== undefined && known !== undefined) {
      if (now - known.at >= this.#options.refreshMs && this.#mayFetch(now)) void this.#fetch();
      return key;
    }
    return this.#look(header, { isKnown: known !== undefined, now });
  }

  /** The keys, unless they are too old. */
  #usable(now: number): FetchedKeys | undefined {
    const fetched = this.#fetched;
    return fetched !== undefined && now - fetched.at < this.#options.keepMs ? fetched : undefined;
  }

  #mayFetch(now: number): boolean {
    return this.#fetching === undefined && now - this.#triedAt >= limits.keySetRetryMs;
  }

  /** Looks for a key that is not there, if it may be there after a fetch. */
  #look(header: Readonly<Record<string, unknown>>, { isKnown, now }: { readonly isKnown: boolean; readonly now: number }) {
    if (this.#fetching === undefined && !this.#mayFetch(now)) {
      if (isKnown) return undefined;
      throw this.#unavailable(now);
    }
    if (this.#waiting >= limits.waitingForKeys && this.line.refuses(this.#full))
      throw overloaded({ limit: this.line.name, value: limits.waitingForKeys, load: this.#waiting }, this.#clock.random());
    this.line.admits(++this.#waiting);
    return (this.#fetching ?? this.#fetch()).then(() => {
      this.#waiting--;
      const after = this.#clock.monotonic();
      const fetched = this.#usable(after);
      if (fetched === undefined) throw this.#unavailable(after);
      return chooseKey(fetched.keys, header);
    });
  }

  /** Never rejects. */
  #fetch(): Promise<void> {
    this.#triedAt = this.#clock.monotonic();
    this.#fetching = this.#read().then(
      (keys) => {
        this.#fetched = { keys, at: this.#clock.monotonic() };
        this.#failure = undefined;
        this.#fetching = undefined;
      },
      (error) => {
        this.#failure = error;
        this.#fetching = undefined;
      },
    );
    return this.#fetching;
  }

  async #read(): Promise<readonly VerifyingKey[]> {
    const { issuer, algorithms } = this.#options;
    // The address is asked for each time: the issuer may move its keys.
    const url = this.#options.url ?? (await locateKeys(issuer, this.#options));
    const keys = readKeys(await fetchJson(url, this.#options), algorithms);
    if (keys === undefined) throw unusable(url, "is not a JSON Web Key Set");
    // Nothing could sign in with it, so it is taken for a mistake, and the keys of before are kept.
    if (keys.length === 0) throw unusable(url, "has no key that can verify a token");
    return keys;
  }

  #unavailable(now: number): Fault {
    if (this.#fetched !== undefined) this.age.refuses(this.#old);
    return new Fault({
      code: "unavailable",
      type: "keys_unavailable",
      message: "The keys of the token's issuer cannot be fetched, so the token cannot be verified. Send the request again in a moment.",
      retryAfterMs: Math.max(1, this.#triedAt + limits.keySetRetryMs - now),
      cause: this.#failure,
    });
  }
}
