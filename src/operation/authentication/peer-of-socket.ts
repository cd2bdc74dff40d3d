import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { PeerCertificate } from "./peer-certificate.ts";

/** More than any chain that a server trusts. */
const mostCertificates = 8;
const known = new WeakMap<Socket, PeerCertificate | { readonly none: true }>();

/** Reads the certificate of the peer, once for each connection; undefined without TLS, or if the peer presented none. */
export function peerCertificateOf(socket: Socket): PeerCertificate | undefined {
  let found = known.get(socket);
  if (found === undefined) {
    found = read(socket as TLSSocket) ?? { none: true };
    known.set(socket, found);
  }
  return "none" in found ? undefined : found;
}

function read(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate?.();
  if (certificate === undefined) return undefined;
  const { subject = "", issuer = "", serialNumber, fingerprint256 } = certificate;
  const names = [...subject.matchAll(/^CN=(.*)$/gm)].map(([, name]) => name);
  const refusal = socket.authorizationError as Error | string | undefined;
  return Object.freeze({
    trusted: socket.authorized,
    refusal: socket.authorized ? undefined : String(refusal instanceof Error ? refusal.message : refusal),
    commonName: names.length === 1 ? names[0] : undefined,
    ...{ subject, issuer, serialNumber, fingerprint: fingerprint256 },
    alternativeNames: namesIn(certificate.subjectAltName ?? ""),
    validFrom: certificate.validFromDate.getTime(),
    validUntil: certificate.validToDate.getTime(),
    chain: chainOf(certificate),
  });
}

/** Node.js quotes as JSON what has a comma or a quote in it, so that no name looks like two. */
function namesIn(text: string): readonly string[] {
  const names: string[] = [];
  for (const [, kind = "", quoted, plain = ""] of text.matchAll(/([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g))
    names.push(`${kind}:${quoted === undefined ? plain : JSON.parse(quoted)}`);
  return names;
}

function chainOf(certificate: X509Certificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let current: X509Certificate | undefined = certificate;
  let last: string | undefined;
  while (current !== undefined && current.fingerprint256 !== last && chain.length < mostCertificates) {
    chain.push(current.raw);
    last = current.fingerprint256;
    current = current.issuerCertificate;
  }
  return chain;
}
