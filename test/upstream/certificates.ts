// Certificates for tests: X.509 version 3 with keys on P-256, written in DER as RFC 5280 has it. Node.js reads certificates and makes none.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its key, in PEM; and what signs others with it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** What a certificate says. */
export interface CertificateSpec {
  readonly name: string;
  /** *Default*: it signs itself. */
  readonly issuer?: Certificate;
  /** Whether it may sign others. */
  readonly isAuthority?: boolean;
  /** Names and addresses. */
  readonly of?: readonly string[];
  /** *Default*: a day ago and in a day. */
  readonly from?: Date;
  readonly until?: Date;
}

const day = 86_400_000;
const [sequence, set, boolean, integer, bits, octets, oid, utf8, utcTime] = [0x30, 0x31, 0x01, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x17] as const;
const ecdsaWithSha256 = der(sequence, der(oid, Buffer.from("2a8648ce3d040302", "hex")));

/** Makes a certificate. */
export function certificate({ name, issuer, isAuthority = false, of = [], from, until }: CertificateSpec): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const extensions = [extension("551d13", der(sequence, ...(isAuthority ? [der(boolean, Buffer.from([0xff]))] : [])), true)];
  if (of.length > 0) extensions.push(extension("551d11", der(sequence, ...of.map(nameOf)), false));
  const said = der(
    sequence,
    der(0xa0, der(integer, Buffer.from([2]))),
    der(integer, serial),
    ecdsaWithSha256,
    distinguished(issuer?.name ?? name),
    der(sequence, time(from ?? new Date(Date.now() - day)), time(until ?? new Date(Date.now() + day))),
    distinguished(name),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(sequence, ...extensions)),
  );
  const signature = sign("sha256", said, issuer?.privateKey ?? privateKey);
  const whole = der(sequence, said, ecdsaWithSha256, der(bits, Buffer.from([0]), signature));
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { cert: pem(whole), key, name, privateKey };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function distinguished(name: string): Buffer {
  return der(sequence, der(set, der(sequence, der(oid, Buffer.from("550403", "hex")), der(utf8, Buffer.from(name)))));
}

function extension(id: string, value: Buffer, isCritical: boolean): Buffer {
  const critical = isCritical ? [der(boolean, Buffer.from([0xff]))] : [];
  return der(sequence, der(oid, Buffer.from(id, "hex")), ...critical, der(octets, value));
}

/** A name that the certificate is for, or an address (IPv4 alone). */
function nameOf(name: string): Buffer {
  return isIP(name) === 4 ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));
}

function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(utcTime, Buffer.from(text.slice(2)));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
