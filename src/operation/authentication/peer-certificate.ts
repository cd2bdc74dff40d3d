/** The certificate that a caller proved to have when its connection was secured. */
export interface PeerCertificate {
  /** Whether an authority issued it that the server trusts for callers, and it is valid now. Of one that is not, nothing else may be relied on. */
  readonly trusted: boolean;
  /** Why it is not trusted, as a code of OpenSSL. */
  readonly refusal: string | undefined;
  /** The common name of its subject; undefined if it has none or several. */
  readonly commonName: string | undefined;
  /** As OpenSSL writes it, one attribute a line. */
  readonly subject: string;
  readonly issuer: string;
  /** Its names, such as `DNS:shop.internal` and `URI:spiffe://example.org/shop`. */
  readonly alternativeNames: readonly string[];
  /** In hexadecimal digits. */
  readonly serialNumber: string;
  /** SHA-256 of the whole certificate, in hexadecimal digits with colons. */
  readonly fingerprint: string;
  /** *Units*: milliseconds since the Unix epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** The certificate and those above it, in DER, its own first. */
  readonly chain: readonly Uint8Array[];
}
