import assert from "node:assert";
import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { LoadLine } from "../../core/load-line/load-line.ts";
import { loadLines } from "../../core/load-line/load-lines.ts";
import { type Resource, type ResourceCaller, type ResourceHost, resource } from "../../operation/resource.ts";
import { memoryRates } from "../../resilience/memory-rates.ts";
import type { Rates } from "../../resilience/rate-limit.ts";
import { Budget, type BudgetName, type Counted } from "./budgets.ts";
import { DeviceTokens, KnownAddresses } from "./devices.ts";

/** Options of {@link signInGuard}. */
export interface SignInGuardOptions {
  /**
   * The secret that signs the tokens of devices; the same in every process. *Bounds*: 32 characters or more.
   * *Default*: no tokens are issued, and an account is known by its addresses alone, which each process remembers for itself.
   */
  readonly deviceKey?: string;
}

/** Who tries to sign in. */
export interface SignInAttempt {
  /** What the caller says who it is, also if there is no such account; with its tenant, if there are several. */
  readonly account: string;
  /** What {@link SignedIn.device} was at an earlier sign-in of the caller. */
  readonly device?: string | undefined;
}

/** A successful sign-in. */
export interface SignedIn<T> {
  /** What `verify` returned. */
  readonly value: T;
  /** For the client to keep, and to send with later attempts: it is recognised by it, and opens nothing. Undefined without a `deviceKey`. */
  readonly device: string | undefined;
}

/** Limits failed sign-ins, of one execution. */
export interface SignInGuard {
  /**
   * Runs `verify` if the caller may try, and counts a failure if it returns `undefined` or `null`. What `verify` throws counts for nothing.
   * *Faults thrown*: `resource_exhausted` as `sign_in_limited`, with the time to wait; what `verify` throws.
   * *Guarantees*: attempts at the same time are counted before the first of them is verified. An account that does not exist is counted as one that does.
   * @example
   * const signedIn = await guard.attempt({ account: `${tenant}/${email}`, device }, () => verifyUser(email, password));
   * if (signedIn === undefined) return fail(WrongCredentials, {});
   */
  attempt<T>(who: SignInAttempt, verify: () => Promise<T | undefined | null>): Promise<SignedIn<T> | undefined>;
}

/**
 * Declares what limits failed sign-ins: a resource that an action uses. Each failure makes the next wait longer.
 *
 * Failures are counted for each account from one address, for each address, and for each account from all addresses. A caller from a device or an address from
 * which the account has signed in before has a budget of its own, so an attacker who uses up the other ones locks out no user who is known.
 * They are counted where the app counts its rates. *Defaults*: as `docs/guide/authentication.md` has them.
 * @example export const guard = signInGuard("identity.sign-in");
 */
export function signInGuard(name: string, { deviceKey }: SignInGuardOptions = {}): Resource<SignInGuard> {
  assert(
    deviceKey === undefined || deviceKey.length >= 32,
    `signInGuard("${name}", { deviceKey }) has ${deviceKey?.length} characters. Give 32 random ones or more.`,
  );
  return resource<SignInGuard>(name, {
    create: (host) => new Guard(name, host, deviceKey),
    bind: (guard, caller) => (guard as Guard).boundTo(caller),
  });
}

class Guard implements SignInGuard {
  readonly #clock: Clock;
  readonly #budgets: Readonly<Record<BudgetName, Budget>>;
  readonly #devices: DeviceTokens | undefined;
  readonly #addresses: KnownAddresses;

  constructor(name: string, { clock, rates: given }: ResourceHost, deviceKey: string | undefined) {
    const rates = given ?? inMemory(clock);
    const budget = (by: BudgetName) => new Budget(name, by, rates);
    this.#clock = clock;
    this.#budgets = {
      device: budget("device"),
      "account from an address": budget("account from an address"),
      address: budget("address"),
      account: budget("account"),
    };
    this.#devices = deviceKey === undefined ? undefined : new DeviceTokens(deviceKey, clock);
    this.#addresses = new KnownAddresses(clock);
  }

  get [loadLines]() {
    return Object.values(this.#budgets).map(({ line }) => line);
  }

  boundTo({ address }: ResourceCaller): SignInGuard {
    return { attempt: (who, verify) => this.#attempt({ ...who, address }, verify) };
  }

  attempt<T>(who: SignInAttempt, verify: () => Promise<T | undefined | null>): Promise<SignedIn<T> | undefined> {
    return this.#attempt({ ...who, address: undefined }, verify);
  }

  async #attempt<T>(
    who: SignInAttempt & { readonly address: string | undefined },
    verify: () => Promise<T | undefined | null>,
  ): Promise<SignedIn<T> | undefined> {
    // What is kept of an account has a bound, whatever a caller says who it is.
    const account = createHash("sha256").update(who.account).digest("base64url");
    const pair = who.address === undefined ? undefined : `${account} ${who.address}`;
    const counted = await this.#count({ ...who, account, pair });
    const value = await verify().catch((error) => {
      for (const one of counted) one.refund();
      throw error;
    });
    if (value === undefined || value === null) return undefined;
    for (const one of counted) one.refund();
    if (pair !== undefined) this.#addresses.add(pair);
    return { value, device: this.#devices?.issue(account) };
  }

  async #count({
    account,
    address,
    device,
    pair,
  }: SignInAttempt & { readonly address?: string | undefined; readonly pair: string | undefined }) {
    const known = this.#devices?.deviceOf(device, account);
    const counts: readonly (readonly [BudgetName, string | undefined])[] =
      known !== undefined
        ? [["device", `${account} ${known}`]]
        : pair !== undefined && this.#addresses.has(pair)
          ? [["device", pair]]
          : [
              ["account from an address", pair],
              ["address", address],
              ["account", account],
            ];
    const now = this.#clock.monotonic();
    const counted: Counted[] = [];
    for (const [name, key] of counts) {
      if (key === undefined) continue;
      const taken = await this.#budgets[name].take(key, now);
      if (typeof taken !== "number") {
        counted.push(taken);
        continue;
      }
      for (const one of counted) one.refund();
      throw this.#limited(this.#budgets[name].line, taken);
    }
    return counted;
  }

  #limited({ name, declared = 0 }: LoadLine, waitMs: number): Fault {
    const seconds = Math.ceil(waitMs / 1_000);
    return new Fault({
      code: "resource_exhausted",
      type: "sign_in_limited",
      message: `Too many sign-ins have failed. Wait ${seconds} s and try again, or use a device from which you have signed in before.`,
      details: { limit: name, value: declared, load: declared, waitMs: Math.ceil(waitMs) },
      retryAfterMs: waitMs + this.#clock.random() * Math.max(limits.rateRetrySpreadMs, waitMs / 4),
    });
  }
}

/** For a guard outside of an app. */
function inMemory(clock: Clock): Rates {
  return memoryRates().open({ app: "sign-in", clock, answerWithinMs: limits.rateStoreMs, report: () => undefined });
}
