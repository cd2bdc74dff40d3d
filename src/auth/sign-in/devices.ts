import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";

const form = /^([0-9a-z]{1,9})\.([\w-]{22})\.([\w-]{43})$/;

/**
 * Signs what the device of an account keeps after a sign-in, so that it is recognised at the next one. Nothing is stored.
 * *Source*: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
 */
export class DeviceTokens {
  readonly #key: string;
  readonly #clock: Clock;

  constructor(key: string, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  issue(account: string): string {
    const seconds = Math.floor(this.#clock.now() / 1_000).toString(36);
    const head = `${seconds}.${this.#clock.randomBytes(16).toString("base64url")}`;
    return `${head}.${this.#signatureOf(head, account).toString("base64url")}`;
  }

  /** Returns what tells the device from the others of the account; undefined if the token is not of this account, or is too old. */
  deviceOf(token: string | undefined, account: string): string | undefined {
    const [, seconds = "", nonce = "", signature = ""] = form.exec(token ?? "") ?? [];
    if (signature === "") return undefined;
    const given = Buffer.from(signature, "base64url");
    const right = this.#signatureOf(`${seconds}.${nonce}`, account);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const ageMs = this.#clock.now() - Number.parseInt(seconds, 36) * 1_000;
    return ageMs < limits.signInDeviceMs ? nonce : undefined;
  }

  #signatureOf(head: string, account: string): Buffer {
    return createHmac("sha256", this.#key).update(`plimsoll device\0${head}\0${account}`).digest();
  }
}

/** The addresses from which accounts have signed in, of this process: the oldest makes room for the newest. */
export class KnownAddresses {
  readonly #until = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(pair: string): void {
    // Put at the end, as the newest.
    this.#until.delete(pair);
    this.#until.set(pair, this.#clock.now() + limits.signInDeviceMs);
    if (this.#until.size <= limits.signInAddresses) return;
    const [oldest = ""] = this.#until.keys();
    this.#until.delete(oldest);
  }

  has(pair: string): boolean {
    return (this.#until.get(pair) ?? 0) > this.#clock.now();
  }
}
