import { createHash } from "node:crypto";
import { limits } from "../../core/limits.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { BaseScope } from "../../operation/scope.ts";
import { type OneTimeTokens, oneTimeTokens, type TokenHolder, type TokenScope } from "../one-time/one-time-tokens.ts";
import { type Library, loadLibrary } from "./library.ts";
import { type ReadResponse, readResponse } from "./response.ts";
import { type PasskeySettings, type PasskeysOptions, readPasskeyOptions } from "./settings.ts";

/** What passkeys need of the scope of a command. */
export type PasskeyScope = TokenScope & Pick<BaseScope, "note">;

/** For whom a passkey is made. */
export interface PasskeyUser {
  readonly id: string;
  /** What tells the accounts of a user apart where one is chosen: an address. */
  readonly name: string;
  /** *Default*: `name`. */
  readonly displayName?: string;
}

/** A passkey as an app keeps it, in a table of its own. None of it is secret. */
export interface Passkey {
  /** Unique among all users. */
  readonly id: string;
  /** In base64url. */
  readonly publicKey: string;
  /** How often it was used, as its authenticator counts; 0 where it does not count. */
  readonly counter: number;
  /** How browsers reach its authenticator. */
  readonly transports: readonly string[];
}

/** A passkey that was just made. */
export interface NewPasskey extends Passkey {
  /** Whether the user has it on several devices. */
  readonly synced: boolean;
}

/** A passkey with the id of its user. */
export interface StoredPasskey extends Passkey {
  readonly userId: string;
}

/** What a page passes to `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`, as it is. */
export type PasskeyRequest = Readonly<Record<string, unknown>> & { readonly challenge: string };

/** Makes and verifies passkeys. Each function runs in the transaction of a command. */
export interface Passkeys {
  /**
   * Returns what a page needs to make a passkey. `existing`: those that the user has, so that none is made twice on one authenticator.
   * *Guarantees*: the challenge is good once, for this user, and for as long as `timeout`.
   * @example return { options: await passkey.registration(scope, { user, existing }) };
   */
  registration(scope: PasskeyScope, spec: { readonly user: PasskeyUser; readonly existing?: readonly Passkey[] }): Promise<PasskeyRequest>;
  /**
   * Verifies what the page returns (`credential.toJSON()`), and returns the passkey for the app to store; undefined if it is refused. The wide event has the reason.
   * @example const made = (await passkey.register(scope, { userId: actor.id, response })) ?? scope.fail(PasskeyRefused, {});
   */
  register(scope: PasskeyScope, made: { readonly userId: string; readonly response: unknown }): Promise<NewPasskey | undefined>;
  /**
   * Returns what a page needs to sign a user in. Without `user` the browser offers the passkeys that it has, and the user chooses.
   * Every caller may ask for it, and each time a row is kept for `timeout`: give the operation a rate.
   */
  authentication(
    scope: PasskeyScope,
    spec?: { readonly user?: { readonly id: string; readonly passkeys: readonly Passkey[] } },
  ): Promise<PasskeyRequest>;
  /**
   * Verifies what the page returns. Returns whose passkey it is, and the counter to store; undefined if it is refused. The wide event has the reason.
   * `find` reads a passkey by its id, with `for update`: of two responses with one counter, the second is then refused.
   * @example
   * const { userId, id, counter } = (await passkey.authenticate(scope, { response, find })) ?? scope.fail(PasskeyRefused, {});
   */
  authenticate(
    scope: PasskeyScope,
    given: { readonly response: unknown; find(id: string): Promise<StoredPasskey | undefined> },
  ): Promise<StoredPasskey | undefined>;
}

/**
 * Declares passkeys, which sign users in without a password. It needs the package `@simplewebauthn/server`, which the first of them loads, and a database.
 * *Guarantees*: a response is accepted once, only for its challenge, from a listed origin, for `rpId`, and by default only if the authenticator has verified
 * its user. No statement of an authenticator's maker is asked for or trusted, so that nothing is fetched.
 * @example export const passkey = passkeys("identity", { rpId: "example.com", rpName: "Shop", origins: ["https://example.com"] });
 */
export function passkeys(name: string, options: PasskeysOptions): Passkeys {
  return new VerifiedPasskeys(name, readPasskeyOptions(options));
}

class VerifiedPasskeys implements Passkeys {
  readonly #settings: PasskeySettings;
  readonly #registrations: OneTimeTokens;
  readonly #authentications: OneTimeTokens;
  #library: Promise<Library> | undefined;

  constructor(name: string, settings: PasskeySettings) {
    const { timeoutMs: lifetime, clock } = settings;
    this.#settings = settings;
    this.#registrations = oneTimeTokens(`${name} passkey registration`, { lifetime, clock, open: limits.passkeyRegistrations });
    this.#authentications = oneTimeTokens(`${name} passkey authentication`, { lifetime, clock });
  }

  async registration(
    scope: PasskeyScope,
    { user, existing = [] }: { readonly user: PasskeyUser; readonly existing?: readonly Passkey[] },
  ): Promise<PasskeyRequest> {
    const { rpId, rpName, userVerification, timeoutMs } = this.#settings;
    const { generateRegistrationOptions } = await this.#loaded();
    const challenge = await this.#registrations.issue(scope, { subject: user.id });
    return (await generateRegistrationOptions({
      ...{ rpName, rpID: rpId, userName: user.name, userDisplayName: user.displayName ?? user.name, timeout: timeoutMs },
      ...{ userID: new Uint8Array(this.#handleOf(user.id, scope.tenant)), challenge: bytesOf(challenge), attestationType: "none" },
      excludeCredentials: existing.map(described),
      // The passkey itself says whose it is, so that users need not type a name.
      authenticatorSelection: { residentKey: "required", userVerification },
    })) as unknown as PasskeyRequest;
  }

  async register(
    scope: PasskeyScope,
    { userId, response }: { readonly userId: string; readonly response: unknown },
  ): Promise<NewPasskey | undefined> {
    const read = readResponse(response);
    if (typeof read === "string") return refused(scope, read);
    const holder = await this.#registrations.redeem(scope, read.challenge);
    if (holder?.subject !== userId) return refused(scope, "the challenge is not one of this user, was used, or has expired");
    const library = await this.#loaded();
    const { rpId, origins, userVerification } = this.#settings;
    try {
      if (madeByMaker(read, library)) return refused(scope, "it has a statement of the maker of an authenticator, which was not asked for");
      const { verified, registrationInfo } = await library.verifyRegistrationResponse({
        ...{ response: response as never, expectedChallenge: read.challenge, expectedOrigin: [...origins], expectedRPID: rpId },
        requireUserVerification: userVerification === "required",
      });
      if (!verified) return refused(scope, "the signature is wrong");
      const { credential, credentialDeviceType } = registrationInfo;
      const { id, publicKey, counter, transports = [] } = credential;
      const known = transports.filter((one) => typeof one === "string" && /^[a-z-]{1,20}$/.test(one)).slice(0, 10);
      return {
        ...{ id, publicKey: Buffer.from(publicKey).toString("base64url"), counter, transports: known },
        synced: credentialDeviceType === "multiDevice",
      };
    } catch (error) {
      return refused(scope, error);
    }
  }

  async authentication(
    scope: PasskeyScope,
    { user }: { readonly user?: { readonly id: string; readonly passkeys: readonly Passkey[] } } = {},
  ): Promise<PasskeyRequest> {
    const { rpId, userVerification, timeoutMs, clock } = this.#settings;
    const { generateAuthenticationOptions } = await this.#loaded();
    // Each is a subject of its own: every caller may ask in the name of a user, and must not end the challenge that the user has.
    const subject = clock.randomBytes(16).toString("base64url");
    const holder: TokenHolder = { subject, ...(user && { data: { user: user.id } }) };
    const challenge = await this.#authentications.issue(scope, holder);
    return (await generateAuthenticationOptions({
      ...{ rpID: rpId, userVerification, timeout: timeoutMs, challenge: bytesOf(challenge) },
      ...(user && { allowCredentials: user.passkeys.map(described) }),
    })) as unknown as PasskeyRequest;
  }

  async authenticate(
    scope: PasskeyScope,
    { response, find }: { readonly response: unknown; find(id: string): Promise<StoredPasskey | undefined> },
  ): Promise<StoredPasskey | undefined> {
    const read = readResponse(response);
    if (typeof read === "string") return refused(scope, read);
    const holder = await this.#authentications.redeem(scope, read.challenge);
    if (holder === undefined) return refused(scope, "the challenge was used, or has expired");
    const stored = await find(read.id);
    if (stored === undefined) return refused(scope, "the passkey is not known");
    const { user = stored.userId } = holder.data;
    const handle = read.userHandle === undefined || this.#handleOf(stored.userId, scope.tenant).equals(bytesOf(read.userHandle));
    if (user !== stored.userId || !handle) return refused(scope, "the passkey is of another user");
    const { rpId, origins, userVerification } = this.#settings;
    const library = await this.#loaded();
    try {
      const { verified, authenticationInfo } = await library.verifyAuthenticationResponse({
        ...{ response: response as never, expectedChallenge: read.challenge, expectedOrigin: [...origins], expectedRPID: rpId },
        credential: { id: stored.id, publicKey: bytesOf(stored.publicKey), counter: stored.counter },
        requireUserVerification: userVerification === "required",
      });
      return verified ? { ...stored, counter: authenticationInfo.newCounter } : refused(scope, "the signature is wrong");
    } catch (error) {
      return refused(scope, error);
    }
  }

  /** What an authenticator keeps of the user: the same for all passkeys of one, and nothing that says who it is. */
  #handleOf(userId: string, tenant: string | undefined): Buffer {
    return createHash("sha256")
      .update(JSON.stringify([this.#settings.rpId, tenant ?? null, userId]))
      .digest();
  }

  #loaded(): Promise<Library> {
    this.#library ??= loadLibrary().catch((error) => {
      this.#library = undefined;
      throw error;
    });
    return this.#library;
  }
}

/** The certificates of a maker have addresses that the library fetches, and the sender of the response chooses them. */
function madeByMaker({ attestation }: ReadResponse, { decodeAttestationObject }: Library): boolean {
  const object = decodeAttestationObject(new Uint8Array(attestation ?? []));
  const format = object.get("fmt");
  return format !== "none" && (format !== "packed" || object.get("attStmt").get("x5c") !== undefined);
}

function refused(scope: PasskeyScope, reason: unknown): undefined {
  scope.note({ passkeyRefused: typeof reason === "string" ? reason : messageOf(reason) });
  return undefined;
}

function described({ id, transports }: Passkey) {
  return { id, transports: [...transports] };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
