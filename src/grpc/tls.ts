import { readFileSync } from "node:fs";
import type { SecureServerOptions } from "node:http2";
import { Fault } from "../core/fault.ts";

/** How the gRPC port is secured, each as PEM or as the path of a file. */
export interface GrpcTls {
  /** The certificate of the server, with those between it and its authority behind it. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Authorities whose certificates callers present. *Default*: callers are asked for none. */
  readonly ca?: string | Buffer;
  /**
   * With `require` a handshake without a certificate of `ca` fails; with `request` the call goes on, and the app's authentication decides, as `mtls` of
   * `plimsoll/auth` does. *Default*: `require` where there is `ca`, otherwise none is asked for.
   */
  readonly clientCertificates?: "request" | "require";
  /** *Default*: `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** *Faults thrown*: `failed_precondition` of type `tls_invalid`. */
export function secureOptions(
  { cert, key, ca, minVersion = "TLSv1.2", clientCertificates = ca === undefined ? undefined : "require" }: GrpcTls,
  handshakeMs: number,
): SecureServerOptions {
  const options = {
    ...{ cert: read("cert", cert), key: read("key", key), minVersion, handshakeTimeout: handshakeMs, ALPNProtocols: ["h2"] },
    ...(ca !== undefined && { ca: read("ca", ca) }),
    ...(clientCertificates !== undefined && { requestCert: true, rejectUnauthorized: clientCertificates === "require" }),
  };
  try {
    process.getBuiltinModule("node:tls").createSecureContext(options);
  } catch (cause) {
    throw tlsInvalid(`cert and key cannot be used: ${(cause as Error).message}. Give a certificate and its key in PEM.`, cause);
  }
  return options;
}

function read(name: string, given: string | Buffer): string | Buffer {
  if (typeof given !== "string" || given.includes("-----BEGIN")) return given;
  try {
    return readFileSync(given);
  } catch (cause) {
    throw tlsInvalid(
      `${name} cannot be read: ${(cause as Error).message}. Give the path of a file that this process may read, or PEM.`,
      cause,
    );
  }
}

const tlsInvalid = (why: string, cause: unknown): Fault =>
  new Fault({ code: "failed_precondition", type: "tls_invalid", message: `grpc({ tls }): ${why}`, cause });
