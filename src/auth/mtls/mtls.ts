import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { Fault, refusal } from "../../core/fault.ts";
import type { Actor, Authenticator } from "../../operation/actor.ts";
import type { PeerCertificate } from "../../operation/authentication/peer-certificate.ts";

/** The parts of {@link mtls}. */
export interface MtlsOptions {
  /**
   * The authorities of callers, each as PEM or the path of a file: one of them must have issued the certificate, directly or through others of its chain.
   * *Default*: those that the server trusts for clients, `http({ tls: { ca } })`.
   */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /**
   * Names the caller of a certificate that is trusted and valid; undefined refuses it. It is called for each request: keep what takes long to get.
   */
  readonly actor: (certificate: PeerCertificate) => Actor | undefined | Promise<Actor | undefined>;
  /** How the OpenAPI document describes the certificates. */
  readonly description?: string;
}

/**
 * Makes an authenticator of client certificates (mutual TLS): a request without `Authorization` is that of the caller whose certificate its connection has.
 *
 * The server asks clients for certificates: `http({ tls: { cert, key, ca } })`. A connection without one is anonymous.
 * *Faults thrown*: `unauthenticated` of the types `certificate_missing` and `certificate_refused`.
 * @example
 * createApp({ authentication: mtls({ actor: ({ commonName = "" }) => services.get(commonName) }), … })
 */
export function mtls({ ca, actor, description }: MtlsOptions): Authenticator {
  const authorities = ca === undefined ? undefined : [ca].flat().flatMap(readAuthorities);
  // Of each connection there is one object, and verifying costs more than all else of a request.
  const verified = new WeakMap<PeerCertificate, boolean>();
  const isOurs = (certificate: PeerCertificate): boolean => {
    if (authorities === undefined) return true;
    const found = verified.get(certificate) ?? isIssuedBy(certificate, authorities);
    verified.set(certificate, found);
    return found;
  };
  return {
    scheme: "mtls",
    document: { type: "mutualTLS", ...(description !== undefined && { description }) },
    // No header has such credentials.
    credentialsIn: () => undefined,
    missing: (needs) =>
      absent(
        `This operation needs ${needs}, and the connection has no client certificate. Connect with the certificate that was issued to you.`,
      ),
    unreadable: () => absent("The Authorization header is read by no scheme of this app. Leave it out, and connect with a certificate."),
    challenge: ({ type }) => (type === "certificate_refused" ? 'Certificate error="refused"' : "Certificate"),
    authenticate() {
      throw absent("A certificate is presented by the connection, and by no header.");
    },
    remembered: () => undefined,
    byCertificate(certificate, now) {
      check(certificate, now);
      if (!isOurs(certificate)) throw refused("was not issued by an authority of this app");
      const found = actor(certificate);
      return found instanceof Promise ? found.then(demanded) : demanded(found);
    },
  };
}

function demanded(found: Actor | undefined): Actor {
  if (found === undefined) throw refused("is of no caller that this app knows");
  return found;
}

/** A connection may last longer than its certificate is valid. */
function check({ trusted, refusal: why, validFrom, validUntil }: PeerCertificate, now: number): void {
  if (!trusted) throw refused(`is not trusted (${why ?? "unknown"})`);
  if (now < validFrom || now >= validUntil) throw refused("is not valid now");
}

/** Whether one of the authorities is above it. Each step is verified: a certificate may stand in the chain because of its name alone. */
function isIssuedBy({ chain }: PeerCertificate, authorities: readonly X509Certificate[]): boolean {
  const certificates = chain.map((der) => new X509Certificate(der));
  for (const [at, certificate] of certificates.entries()) {
    if (authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey))) return true;
    const next = certificates[at + 1];
    if (next === undefined || !certificate.verify(next.publicKey)) return false;
  }
  return false;
}

function readAuthorities(given: string | Buffer): readonly X509Certificate[] {
  const isPath = typeof given === "string" && !given.includes("-----BEGIN");
  try {
    const pem = isPath ? readFileSync(given, "utf8") : given.toString();
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
    if (blocks !== null) return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw unusable("it cannot be read. Read the cause.", cause);
  }
  throw unusable("it has no certificate.");
}

function unusable(why: string, cause?: unknown): Fault {
  const message = `mtls({ ca }): ${why} Give the certificate of an authority in PEM, or the path of its file.`;
  return new Fault({ code: "failed_precondition", type: "key_unusable", message, cause });
}

const absent = (message: string) => refusal({ code: "unauthenticated", type: "certificate_missing", message });
const refused = (why: string) =>
  refusal({
    code: "unauthenticated",
    type: "certificate_refused",
    message: `The client certificate ${why}. Connect with one that is, or without one.`,
  });
