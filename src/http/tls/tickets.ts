import { hkdfSync } from "node:crypto";
import type { HttpTls } from "./tls-options.ts";

/** What a session may be resumed for. */
export interface TicketScope {
  /** Stands for the certificate, its key and the authorities: `Secrets.digest`. */
  readonly digest: string;
  readonly clientCertificates: HttpTls["clientCertificates"];
}

const keyBytes = 48;

/**
 * The keys of session tickets, as Node.js takes them. Processes make the same of one secret, unless their certificates differ, or whom they ask for one: a
 * session is resumed without either.
 */
export function ticketKeysOf(secret: Buffer, { digest, clientCertificates }: TicketScope): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `plimsoll tls tickets ${clientCertificates ?? "none"} ${digest}`, keyBytes));
}
