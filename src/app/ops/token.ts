import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { secretWeakness } from "../../core/config/secret.ts";
import type { Report } from "../../pipeline/registry/problem.ts";
import type { OpsSpec } from "./ops.ts";

/** A token is drawn at random: so many bytes leave nothing to guess. */
const fewestBytes = 32;
const mostTokens = 4;
/** They say whether the process lives and is ready, and probes of platforms often can send no header. */
const open: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/** Reports an ops port that other machines can reach and that has no token, and tokens that can be guessed. */
export function checkOpsToken({ host = "127.0.0.1", token }: OpsSpec, report: Report): void {
  const tokens = tokensOf(token);
  if (token !== undefined && (tokens.length === 0 || tokens.length > mostTokens))
    report("createApp", "ops.token", `There are ${tokens.length} tokens. Give one, or 2 to ${mostTokens} while you rotate them.`);
  for (const one of tokens) {
    const bytes = Buffer.from(typeof one === "string" ? one : "");
    const weakness = bytes.length < fewestBytes ? `has fewer than ${fewestBytes} bytes` : secretWeakness(bytes);
    if (weakness !== undefined)
      report("createApp", "ops.token", `A token ${weakness}. Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`);
  }
  if (tokens.length === 0 && !isLoopback(host))
    report(
      "createApp",
      "ops.token",
      `Other machines can reach the ops port on ${host}, and it has no token. Give ops.token, or listen on 127.0.0.1.`,
    );
}

/** Makes the check of the `Authorization` of requests to the ops port; undefined where it needs none. */
export function opsAuthorization(token: OpsSpec["token"]): ((path: string, authorization: string | undefined) => boolean) | undefined {
  const known = tokensOf(token).map(hashOf);
  if (known.length === 0) return undefined;
  return (path, authorization) => {
    if (open.has(path)) return true;
    const given = hashOf(/^bearer +(.*)$/i.exec(authorization ?? "")?.[1] ?? "");
    let found = false;
    // Compares with each, whichever fits: how long it takes says nothing of where they differ.
    for (const one of known) if (timingSafeEqual(one, given)) found = true;
    return found;
  };
}

function tokensOf(token: OpsSpec["token"]): readonly string[] {
  return token === undefined ? [] : typeof token === "string" ? [token] : token;
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
