import { createHmac } from "node:crypto";

/** The key of HS256: 32 bytes. Of no use outside this bench. */
export const secret = "Zk3vP9qLw7RtY2nB5sXc8mJd4hGf6aTe";

const issuer = "https://id.bench.test/";
const audience = "https://api.bench.test/";

/** What a server that checks tokens must insist on. */
export const expected = { issuer, audience } as const;

/** A bearer token as an identity provider writes it: about 300 characters, valid for a day. */
export function issueToken(subject = "0198c2f4-1d20-7f7e-8a6f-51c7e0d4b9aa"): string {
  const issuedAt = Math.floor(Date.now() / 1_000);
  const claims = { iss: issuer, aud: audience, sub: subject, tid: "tea-shop", roles: ["customer"], iat: issuedAt, exp: issuedAt + 86_400 };
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** The token with another signature than its own. */
export function forge(token: string): string {
  const [header, claims] = token.split(".");
  return `${header}.${claims}.${createHmac("sha256", "another key").update(`${header}.${claims}`).digest("base64url")}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
