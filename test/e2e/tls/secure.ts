// A client over TLS of an app that is served by a test.
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { certificate } from "../../upstream/certificates.ts";
import { Wire } from "../http/client.ts";

/** Whom clients of the tests trust. */
export const authority = certificate({ name: "Test authority", isAuthority: true });
/** What the server of a test is. */
export const server = certificate({ name: "shop.test", issuer: authority, of: ["shop.test", "127.0.0.1"] });

/** Connects, from one of this machine's own addresses, and resolves when the handshake is done; rejects where it fails. */
export async function secure(port: number, options: ConnectionOptions = {}, from = "127.0.0.1"): Promise<TLSSocket> {
  const socket = connectPlain({ port, host: "127.0.0.1", localAddress: from, allowHalfOpen: true, noDelay: true });
  const secured = connect({ socket, servername: "shop.test", ca: authority.cert, ...options });
  await once(secured, "secureConnect");
  return secured;
}

/** A connection over TLS that sends exactly what a test writes. */
export async function secureWire(port: number, options?: ConnectionOptions): Promise<Wire> {
  return Wire.over(await secure(port, options));
}
