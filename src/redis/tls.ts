import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SecureContext, SecureContextOptions } from "node:tls";
import { Fault } from "../core/fault.ts";
import { isLoopback } from "../core/node/loopback.ts";
import { messageOf } from "../core/value/thrown.ts";

/** How a Redis proves who it is, and this process to it: each as PEM, or as the path of a file that is read again for each connection. */
export interface RedisTls {
  /** Authorities to trust in place of the system's. */
  readonly ca?: string | Buffer;
  /** The certificate of this process and its key: for mutual TLS. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
}

/** What a connection over TLS is made with. */
export interface SecuredSocket {
  readonly rejectUnauthorized: true;
  readonly secureContext: SecureContext;
}

/**
 * Reads how the connections to an address are secured; undefined for an address without TLS.
 * *Guarantees*: beyond this machine nothing is sent without encryption unless the address says so, and no option turns the verification off.
 * *Faults thrown*: `failed_precondition` of type `redis_not_encrypted` or `redis_tls_invalid`.
 */
export function securedBy(url: string, tls: RedisTls = {}): SecuredSocket | undefined {
  if (!url.startsWith("rediss:")) {
    checkPlain(url, tls);
    return undefined;
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw invalid("has one of cert and key without the other. Give both, or none.");
  const context = new RenewedContext(tls);
  // The client passes the same object to each connection that it opens, and Node.js takes `context` out of it then.
  return { rejectUnauthorized: true, secureContext: context as SecureContext };
}

/** A secure context that is made of the files as they are when a connection begins. */
class RenewedContext {
  readonly #tls: RedisTls;
  #text = "";
  #last: SecureContext;

  constructor(tls: RedisTls) {
    this.#tls = tls;
    const secrets = read(tls);
    this.#text = textOf(secrets);
    this.#last = contextOf(secrets);
  }

  get context(): unknown {
    try {
      const secrets = read(this.#tls);
      const text = textOf(secrets);
      if (text !== this.#text) {
        this.#last = contextOf(secrets);
        this.#text = text;
      }
    } catch {
      // One file may have been replaced a moment before the other: the next connection reads them again.
    }
    return this.#last.context;
  }
}

function read({ ca, cert, key, passphrase }: RedisTls): SecureContextOptions {
  return {
    minVersion: "TLSv1.2",
    ...(ca !== undefined && { ca: pem("ca", ca) }),
    ...(cert !== undefined && { cert: pem("cert", cert) }),
    ...(key !== undefined && { key: pem("key", key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

const textOf = ({ ca, cert, key }: SecureContextOptions): string => [ca, cert, key].join("\0");

function pem(name: string, given: string | Buffer): string {
  const text = String(given);
  if (text.includes("-----BEGIN")) return text;
  try {
    return readFileSync(text, "utf8");
  } catch (cause) {
    throw invalid(
      `cannot read ${name}: ${messageOf(cause)}. Give the path of a file that this process may read, or the text of the PEM.`,
      cause,
    );
  }
}

function contextOf(secrets: SecureContextOptions): SecureContext {
  try {
    // What is no certificate would be passed over, and then no authority is trusted.
    for (const one of [secrets.ca, secrets.cert]) if (one !== undefined) new X509Certificate(one as string);
    return process.getBuiltinModule("node:tls").createSecureContext(secrets);
  } catch (cause) {
    throw invalid(
      `cannot be used: ${messageOf(cause)}. ca, cert and key are PEM, the key is that of cert, and passphrase opens it.`,
      cause,
    );
  }
}

function checkPlain(url: string, tls: RedisTls): void {
  if (Object.values(tls).some((value) => value !== undefined))
    throw invalid("is given, but the address does not begin with rediss:. Write rediss:, or leave tls out.");
  // What is no address is refused by the client.
  if (!URL.canParse(url) || url.startsWith("unix:")) return;
  const { hostname, searchParams } = new URL(url);
  if (hostname === "" || isLoopback(hostname) || searchParams.get("tls") === "disable") return;
  throw new Fault({
    code: "failed_precondition",
    type: "redis_not_encrypted",
    message: `The address of Redis begins with redis:, and nothing that is sent to ${hostname} would be encrypted. Write rediss:; or, if the network between is yours alone, add ?tls=disable to the address.`,
  });
}

function invalid(said: string, cause?: unknown): Fault {
  return new Fault({ code: "failed_precondition", type: "redis_tls_invalid", message: `The tls of Redis ${said}`, cause });
}

const untrusted =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|CERT_\w+|ERR_TLS_CERT_\w+)$/;

/** Says why there is no connection, and what to do. */
export function whyUnreachable(error: unknown): string {
  if (error === undefined) return "There is no connection to Redis. Check its address and that it runs.";
  const { code } = error as { readonly code?: unknown };
  const next = untrusted.test(String(code))
    ? "This process does not trust the certificate of the server for this host: name its authority (tls.ca, or NODE_EXTRA_CA_CERTS), and check the host."
    : /^ERR_SSL_|EPROTO/.test(String(code))
      ? "Check that the server speaks TLS at this port, and accepts the certificate of this process (tls.cert)."
      : "Check its address and that it runs.";
  return `There is no connection to Redis: ${messageOf(error)}. ${next}`;
}
