import assert from "node:assert";
import type { Clock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { TokenAlgorithm } from "../keys.ts";
import type { Fetch } from "./fetch-json.ts";
import { KeySet } from "./key-set.ts";
import { requireUrl } from "./locate.ts";

/** Options of {@link jwks}. */
export interface JwksOptions {
  /** Where the key set is. *Default*: where `issuer` of `jwt` says it, in its document at `/.well-known/openid-configuration`. */
  readonly url?: string;
  /** How old keys may be before they are fetched again, in the background. *Default*: 10 min. *Bounds*: 10 s to a day. */
  readonly refresh?: Duration;
  /** How old keys may be before they are not used any more, because the issuer does not respond. *Default*: a day. *Bounds*: `refresh` to 30 days. */
  readonly keepFor?: Duration;
  /** How long a fetch may take. *Default*: 5 s. *Bounds*: 100 ms to 30 s. */
  readonly timeout?: Duration;
  /** Fetches in another way, as through a proxy. *Default*: `fetch` of Node.js. */
  readonly fetch?: Fetch;
}

/** Keys that are fetched from an issuer, for `keys` of `jwt`. */
export class RemoteKeys {
  readonly #options: JwksOptions;

  constructor(options: JwksOptions) {
    this.#options = options;
  }

  /** Makes the key set of one authenticator; nothing is fetched yet. */
  open(about: { readonly issuer: string; readonly algorithms: readonly TokenAlgorithm[] | undefined; readonly clock: Clock }): KeySet {
    const { url, fetch = globalThis.fetch } = this.#options;
    if (url === undefined) requireUrl(about.issuer, "jwt({ issuer }), where jwks() looks for its keys,");
    const bounds = { refresh: [10_000, 86_400_000], keepFor: [10_000, 2_592_000_000], timeout: [100, 30_000] } as const;
    const refreshMs = this.#ms("refresh", 600_000, bounds.refresh);
    const keepMs = this.#ms("keepFor", 86_400_000, bounds.keepFor);
    assert(keepMs >= refreshMs, "jwks({ keepFor }) is shorter than refresh. Keys must be kept until they are fetched again.");
    const timeoutMs = this.#ms("timeout", 5_000, bounds.timeout);
    return new KeySet({ ...about, url, fetch, refreshMs, keepMs, timeoutMs, bytesMax: limits.keySetBytes });
  }

  #ms(name: "refresh" | "keepFor" | "timeout", byDefault: number, [least, most]: readonly [number, number]): number {
    const given = this.#options[name];
    const ms = given === undefined ? byDefault : toMs(given);
    assert(ms >= least && ms <= most, `jwks({ ${name} }) is ${ms} ms. Write ${least} to ${most} ms.`);
    return ms;
  }
}

/**
 * Fetches the keys that verify tokens from their issuer: Auth0, Entra ID, Keycloak, Cognito and every other provider of OpenID Connect.
 *
 * Nothing is fetched at the start; the first token fetches the keys. They are fetched again in the background once they are older than `refresh`, and at
 * once when a token names a key that is not among them, at most every 10 seconds: made-up key ids cost no more.
 * *Faults thrown* by `authenticate`: `unavailable` as `keys_unavailable`, while there are no keys and the issuer does not respond.
 * *Guarantees*: while the issuer is away, is slow or sends something else, the last good keys are used for `keepFor`, and then no more. Secrets, keys for
 * encryption and RSA keys of fewer than 2,048 bits are never used, and neither is what a token says of where its key is (`jku`, `x5u`, `jwk`).
 * *Bounds*: 256 KiB and 100 keys. *Source*: RFC 7517; OpenID Connect Discovery 1.0.
 * @example
 * authentication: jwt({ keys: jwks(), issuer: "https://login.example.com", audience: "shop" })
 */
export function jwks(options: JwksOptions = {}): RemoteKeys {
  if (options.url !== undefined) requireUrl(options.url, "jwks({ url })");
  return new RemoteKeys(options);
}
