import { createHmac } from "node:crypto";
import { fromBase32 } from "../../../../src/auth/second-factor/base32.ts";

/** The code that an authenticator app shows now, or after so many more half minutes. *Source*: RFC 6238. */
export function codeOf(secret: string, later = 0): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", fromBase32(secret) ?? "")
    .update(counter)
    .digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
