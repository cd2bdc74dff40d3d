import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** What a test lets an authenticator do otherwise than it should. */
export interface Quirks {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly verified?: boolean;
  readonly crossOrigin?: boolean;
  readonly counter?: number;
  readonly challenge?: string;
  readonly userHandle?: string;
  readonly format?: string;
  readonly statement?: ReadonlyMap<string, Cbor>;
  readonly key?: ReturnType<typeof newKey>;
}

type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<Cbor, Cbor>;

function newKey() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** An authenticator in software with one passkey, and the page that speaks to it. *Source*: W3C Web Authentication, sections 6 and 7. */
export class SoftAuthenticator {
  readonly id = randomBytes(32);
  readonly #key = newKey();
  readonly #origin: string;
  readonly #rpId: string;
  #counter = 0;
  #handle = "";

  constructor({ origin, rpId }: { readonly origin: string; readonly rpId: string }) {
    this.#origin = origin;
    this.#rpId = rpId;
  }

  create(options: Readonly<Record<string, unknown>>, quirks: Quirks = {}) {
    this.#handle = (options.user as { readonly id: string }).id;
    const { x = "", y = "" } = this.#key.publicKey.export({ format: "jwk" });
    const cose = new Map<Cbor, Cbor>([
      ...([
        [1, 2],
        [3, -7],
        [-1, 1],
      ] as const),
      ...([
        [-2, Buffer.from(x, "base64url")],
        [-3, Buffer.from(y, "base64url")],
      ] as const),
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, encode(cose)]);
    const attestationObject = encode(
      new Map<Cbor, Cbor>([
        ["fmt", quirks.format ?? "none"],
        ["attStmt", quirks.statement ?? new Map()],
        ["authData", this.#authData(0x40, attested, quirks)],
      ]),
    );
    return this.#response({
      clientDataJSON: this.#clientData("webauthn.create", options, quirks).toString("base64url"),
      attestationObject: attestationObject.toString("base64url"),
      transports: ["internal", "hybrid"],
    });
  }

  get(options: Readonly<Record<string, unknown>>, quirks: Quirks = {}) {
    this.#counter = quirks.counter ?? this.#counter + 1;
    const authData = this.#authData(0, Buffer.alloc(0), quirks);
    const clientData = this.#clientData("webauthn.get", options, quirks);
    const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
    return this.#response({
      clientDataJSON: clientData.toString("base64url"),
      authenticatorData: authData.toString("base64url"),
      signature: sign("sha256", signed, (quirks.key ?? this.#key).privateKey).toString("base64url"),
      userHandle: quirks.userHandle ?? this.#handle,
    });
  }

  #response(response: Readonly<Record<string, unknown>>) {
    const id = this.id.toString("base64url");
    return { id, rawId: id, type: "public-key", clientExtensionResults: {}, authenticatorAttachment: "platform", response };
  }

  #authData(flags: number, rest: Buffer, { rpId = this.#rpId, verified = true }: Quirks): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.#counter);
    const present = 0x01;
    return Buffer.concat([
      createHash("sha256").update(rpId).digest(),
      Buffer.from([flags | present | (verified ? 0x04 : 0)]),
      ...[counter, rest],
    ]);
  }

  #clientData(type: string, options: Readonly<Record<string, unknown>>, quirks: Quirks): Buffer {
    const { origin = this.#origin, challenge = options.challenge, crossOrigin = false } = quirks;
    return Buffer.from(JSON.stringify({ type: quirks.type ?? type, challenge, origin, crossOrigin }));
  }
}

/** A second key, which is not that of the passkey. */
export const otherKey = newKey();

/** *Source*: RFC 8949. */
function encode(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) return Buffer.concat([head(5, value.size), ...[...value].flat().map((one) => encode(one as Cbor))]);
  const items = value as readonly Cbor[];
  return Buffer.concat([head(4, items.length), ...items.map(encode)]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
}
