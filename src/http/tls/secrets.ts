import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { Fault } from "../../core/fault.ts";
import type { HttpTls, Secrets } from "./tls-options.ts";

const weakBits = 2_048;

/** The files that are read. */
export function filesOf({ cert, key, ca = [] }: HttpTls): readonly string[] {
  return [cert, key, ...[ca].flat()].filter((one): one is string => isPath(one));
}

/**
 * Reads certificates and the key, from files where they are in files, and checks that a server can be secured with them.
 * *Units*: `now` is in milliseconds since the Unix epoch. `name`: a host that the certificate must be for; with `*.` one below it.
 * *Faults thrown*: `failed_precondition` of type `tls_invalid`, which says what is wrong and what to do.
 */
export function readSecrets(tls: HttpTls, now: number, name?: string): Secrets {
  const { passphrase, minVersion = "TLSv1.2" } = tls;
  const cert = read("cert", tls.cert);
  const key = read("key", tls.key);
  const ca = tls.ca === undefined ? undefined : [tls.ca].flat().map((one) => read("ca", one));
  const [first] = certificatesIn("cert", cert);
  for (const one of ca ?? []) certificatesIn("ca", one);
  if (first === undefined) throw tlsInvalid("cert has no certificate. Give the certificate of the server in PEM, or the path of its file.");
  checkKey(first, keyOf(key, passphrase));
  checkTime(first, now);
  if (name !== undefined && first.checkHost(name.replace("*", "any")) === undefined)
    throw tlsInvalid(`cert (${nameOf(first)}) is not for ${name}. Give the certificate of that name.`);
  const context = { cert, key, minVersion, ...(ca && { ca }), ...(passphrase !== undefined && { passphrase }) };
  const hash = createHash("sha256");
  for (const part of [cert, key, ...(ca ?? [])]) hash.update(part).update("\0");
  try {
    process.getBuiltinModule("node:tls").createSecureContext(context);
  } catch (cause) {
    throw tlsInvalid(`cert and key cannot be used: ${reasonOf(cause)}. Give another certificate.`, cause);
  }
  return { context, validUntil: first.validToDate.getTime(), digest: hash.digest("hex") };
}

function isPath(given: string | Buffer): boolean {
  return typeof given === "string" && !given.includes("-----BEGIN");
}

function read(name: string, given: string | Buffer): string {
  if (!isPath(given)) return given.toString();
  try {
    return readFileSync(given as string, "utf8");
  } catch (cause) {
    throw tlsInvalid(
      `${name} cannot be read: ${reasonOf(cause)}. Give the path of a file that this process may read, or the text of the PEM.`,
      cause,
    );
  }
}

/** What is no certificate would be passed over, and then no authority is trusted. */
function certificatesIn(name: string, pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw tlsInvalid(`${name} has a certificate that cannot be read: ${reasonOf(cause)}. Give it in PEM, unchanged.`, cause);
  }
  throw tlsInvalid(`${name} has no certificate. Give it in PEM, or the path of its file.`);
}

function keyOf(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    throw tlsInvalid(`key cannot be read: ${reasonOf(cause)}. Give the private key in PEM, and its passphrase if it has one.`, cause);
  }
}

function checkKey(certificate: X509Certificate, key: KeyObject): void {
  if (!certificate.checkPrivateKey(key))
    throw tlsInvalid(
      `key is not the key of cert (${nameOf(certificate)}). Give both of one pair; if files are replaced one after the other, replace both.`,
    );
  const bits = key.asymmetricKeyDetails?.modulusLength ?? weakBits;
  if (bits < weakBits) throw tlsInvalid(`key has ${bits} bits, which can be broken. Make one of at least ${weakBits} bits, or on P-256.`);
}

function checkTime(certificate: X509Certificate, now: number): void {
  const { validFrom, validTo } = certificate;
  if (certificate.validToDate.getTime() <= now)
    throw tlsInvalid(`cert (${nameOf(certificate)}) has expired at ${validTo}: no client would trust it. Renew it.`);
  if (certificate.validFromDate.getTime() > now)
    throw tlsInvalid(`cert (${nameOf(certificate)}) is not valid before ${validFrom}. Compare the clock of this machine, or wait.`);
}

function nameOf({ subject, subjectAltName }: X509Certificate): string {
  return (subjectAltName ?? subject ?? "without a name").replaceAll("\n", ", ").slice(0, 200);
}

function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 200);
}

/** Refuses what a server cannot be secured with. *Faults*: `tls_invalid`. */
export function tlsInvalid(said: string, cause?: unknown): Fault {
  return new Fault({ code: "failed_precondition", type: "tls_invalid", message: `http({ tls }): ${said}`, cause });
}
