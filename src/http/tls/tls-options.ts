import type { SecureContextOptions } from "node:tls";

/** How an HTTP port is secured: with its certificate and key, each as PEM or as the path of a file. */
export interface HttpTls {
  /** The certificate of the server, with those between it and its authority behind it. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string;
  /** *Default*: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /**
   * Authorities whose certificates clients may present. *Default*: those of the system. If there are any, clients are asked for a certificate.
   */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /**
   * Whether clients are asked for a certificate. With `require` a handshake without one, or with one that is not trusted, fails; with `request` the request
   * goes on, and the app's authentication decides. *Default*: `request` if `ca` is given, otherwise none is asked for.
   */
  readonly clientCertificates?: "request" | "require";
  /**
   * Further certificates, by the name that a client asks for, as in `{ "shop.example": { cert, key }, "*.shops.example": { cert, key } }`. *Default*: all clients get
   * `cert`. *Bounds*: 100 names.
   */
  readonly names?: Readonly<Record<string, NamedPair>>;
  /** What clients get that ask for a name which is not in `names`, or for none: `cert`, or no connection. *Default*: `default`. */
  readonly unknownNames?: "default" | "refuse";
  /** Whether clients may choose HTTP/2; the others get HTTP/1.1. *Default*: false. */
  readonly http2?: boolean;
}

/** The certificate and key of one name of a server, each as PEM or as the path of a file. */
export interface NamedPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string;
}

/** What a handshake is made with. */
export interface Secrets {
  readonly context: SecureContextOptions;
  /** The first certificate says until when it is valid. *Units*: milliseconds since the Unix epoch. */
  readonly validUntil: number;
  /** Stands for all of it: equal if nothing has changed. */
  readonly digest: string;
}
