import { createHmac, timingSafeEqual } from "node:crypto";
import { requireKey, secretWeakness } from "../../core/config/secret.ts";

/** A secret that services of one system have in common. */
export interface InternalKey {
  /** By which a token names it; change it with the secret. *Bounds*: 1 to 64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** *Bounds*: at least 32 bytes, drawn at random. */
  readonly secret: string | Uint8Array;
}

const secretBytes = 32;

/** The keys of one service: the first signs, and all verify. */
export class InternalKeys {
  readonly #heads = new Map<string, Buffer>();
  readonly #head: string;
  readonly #secret: Buffer;

  /** *Faults thrown*: `key_unusable`. `what`: how messages call it. */
  constructor(keys: readonly InternalKey[], what: string) {
    for (const { id, secret } of keys) {
      requireKey(/^[\w-]{1,64}$/.test(id), `${what}: the id of a key is not 1 to 64 letters, digits, "-" and "_".`);
      const bytes = Buffer.from(secret as string);
      const weakness =
        bytes.length < secretBytes ? `has ${bytes.length} bytes, and at least ${secretBytes} are needed` : secretWeakness(bytes);
      requireKey(weakness === undefined, `${what}: the key ${id} ${weakness}. Make one with: openssl rand -base64 48`);
      const head = headOf(id);
      requireKey(!this.#heads.has(head), `${what}: two keys have the id ${id}. Give each its own.`);
      this.#heads.set(head, bytes);
    }
    const [first] = this.#heads;
    requireKey(first !== undefined, `${what}: there is no key. Give at least one.`);
    [this.#head, this.#secret] = first;
  }

  /** Signs a payload, as a JSON Web Token in compact form. */
  sign(payload: string): string {
    const signed = `${this.#head}.${Buffer.from(payload).toString("base64url")}`;
    return `${signed}.${macOf(this.#secret, signed)}`;
  }

  /** Returns the payload of a token that one of the keys has signed; undefined of any other text. Its head is compared, and never parsed. */
  open(token: string): string | undefined {
    const [head = "", payload = "", mac = "", ...more] = token.split(".");
    const secret = this.#heads.get(head);
    if (secret === undefined || more.length > 0) return undefined;
    const expected = Buffer.from(macOf(secret, `${head}.${payload}`));
    const given = Buffer.from(mac);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Buffer.from(payload, "base64url").toString();
  }
}

const headOf = (id: string): string =>
  Buffer.from(JSON.stringify({ alg: "HS256", typ: "plimsoll-internal+jwt", kid: id })).toString("base64url");

const macOf = (secret: Buffer, signed: string): string => createHmac("sha256", secret).update(signed).digest("base64url");
