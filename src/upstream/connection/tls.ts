import { X509Certificate } from "node:crypto";
import { createRequire } from "node:module";
import type * as Tls from "node:tls";
import { optionsInvalid } from "../faults.ts";
import type { Base } from "../request/target.ts";

/** How an upstream proves who it is, and this process to it. Certificates are always verified. */
export interface UpstreamTls {
  /** Authorities to trust in place of the system's, in PEM. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** The certificate of this process and its key, in PEM: for mutual TLS. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name that the certificate must have. *Default*: the host of `baseUrl`. */
  readonly servername?: string;
  /** *Default*: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** What each connection of a pool is secured with. */
export interface Secured {
  readonly secureContext: Tls.SecureContext;
  readonly servername?: string;
  readonly rejectUnauthorized: true;
}

/**
 * Reads certificates and keys once, for all connections of an upstream; undefined for http.
 * *Guarantees*: no option and no variable of the environment turns the verification off.
 * *Faults thrown*: `failed_precondition` of type `upstream_options_invalid`, where they cannot be read or are given for http.
 */
export function secure(upstream: string, { origin }: Base, tls: UpstreamTls): Secured | undefined {
  const { ca, cert, key, passphrase, servername, minVersion = "TLSv1.2" } = tls;
  if (!origin.startsWith("https:")) {
    if (Object.values(tls).some((value) => value !== undefined))
      throw optionsInvalid(upstream, "tls is given, but baseUrl begins with http. Write https, or leave tls out.");
    return undefined;
  }
  if ((cert === undefined) !== (key === undefined))
    throw optionsInvalid(upstream, "tls has one of cert and key without the other. Give both, or none.");
  const { createSecureContext } = createRequire(import.meta.url)("node:tls") as typeof Tls;
  try {
    // What is no certificate would be passed over, and then no authority is trusted.
    for (const one of ca === undefined ? [] : [ca].flat()) new X509Certificate(one);
    const secureContext = createSecureContext({
      minVersion,
      ...(ca !== undefined && { ca: ca as string }),
      ...(cert !== undefined && { cert, key: key as string }),
      ...(passphrase !== undefined && { passphrase }),
    });
    return { secureContext, rejectUnauthorized: true, ...(servername !== undefined && { servername }) };
  } catch (cause) {
    throw optionsInvalid(
      upstream,
      "tls cannot be read: ca, cert and key are PEM, the key is that of cert, and passphrase opens it. Read the cause.",
      cause,
    );
  }
}
