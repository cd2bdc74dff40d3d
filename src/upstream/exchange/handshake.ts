import type { Fault } from "../../core/fault.ts";
import { certificateRefused, handshakeFailed } from "../faults.ts";

interface Reason {
  readonly why: string;
  readonly advice: string;
}

const issuer: Reason = {
  why: "was issued by no authority that this process trusts",
  advice: "The operator must give httpClient the authority as tls.ca, or the upstream its whole chain.",
};

/** What Node.js finds wrong with a certificate, by its code. */
const certificates: Readonly<Record<string, Reason>> = {
  CERT_HAS_EXPIRED: { why: "has expired", advice: "The operator of the upstream must renew it." },
  CERT_NOT_YET_VALID: { why: "is not valid yet", advice: "The operator must compare the clocks, or wait until it is." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: "is for another name",
    advice: "The operator must write the name that it has in baseUrl or tls.servername.",
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: issuer,
  SELF_SIGNED_CERT_IN_CHAIN: issuer,
  UNABLE_TO_GET_ISSUER_CERT: issuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: issuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: issuer,
  CERT_UNTRUSTED: issuer,
};
const certificateForm = /^(?:CERT|CRL)_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$/;

/** What ends a handshake beside the certificate of the upstream, by a part of OpenSSL's code. */
const handshakes: readonly (readonly [form: RegExp, reason: Reason])[] = [
  [
    /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)/,
    {
      why: "it does not accept the certificate of this process, or asks for one and got none",
      advice: "The operator must give httpClient tls.cert and tls.key, of an authority that the upstream trusts.",
    },
  ],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    {
      why: "it asks for a certificate and got none, or accepts no cipher of this process",
      advice: "The operator must give httpClient tls.cert and tls.key, or compare the ciphers.",
    },
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    { why: "the two have no version of TLS in common", advice: "The operator must compare tls.minVersion with what the upstream offers." },
  ],
  [/NO_APPLICATION_PROTOCOL/, { why: "it does not offer HTTP/1.1", advice: "The operator of the upstream must offer it beside HTTP/2." }],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    { why: "it does not speak TLS at this port", advice: "The operator must write http or another port in baseUrl." },
  ],
];

/** Reads an error of a TLS handshake as the fault that it is; undefined where it is none. */
export function readHandshakeError(upstream: string, error: Error): Fault | undefined {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== "string") return undefined;
  const certificate = certificates[code];
  if (certificate !== undefined) return certificateRefused(upstream, { ...certificate, cause: error });
  if (certificateForm.test(code))
    return certificateRefused(upstream, {
      ...{ why: "is not accepted", advice: `The operator must replace it: OpenSSL says ${code}.`, cause: error },
    });
  if (!code.startsWith("ERR_SSL_")) return undefined;
  const reason = handshakes.find(([form]) => form.test(code))?.[1];
  return reason && handshakeFailed(upstream, { ...reason, cause: error });
}
