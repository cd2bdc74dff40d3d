import { randomUUID } from "node:crypto";
import type { App } from "plimsoll";
import { type Opened, password } from "./seed.ts";

/** What the shop says when it has opened: where it is, who may come in, and what to try first. */
export function banner({ urls }: App, logFile: string, { people, productId }: Opened): string {
  const [api] = urls.surfaces;
  const tokens = people.map(({ tenant, name, role, email, token }) => `  ${name}, ${role} of ${tenant} (${email})\n  ${token}\n`);
  return `
The shop is open.

  API      ${api}/v1
  docs     ${api}/docs
  OpenAPI  ${api}/openapi.json
  ops      ${urls.ops}/readyz and ${urls.ops}/metrics
  log      ${logFile}, a line for each request

Everybody's password is ${password}. Their tokens are good for an hour:

${tokens.join("\n")}
Search, order, and see what you ordered:

${curlLines({ api, token: people.find(({ role }) => role === "customer")?.token, productId }).join("\n\n")}
`;
}

function curlLines({
  api,
  token,
  productId,
}: {
  api: string | undefined;
  token: string | undefined;
  productId: string | undefined;
}): string[] {
  const curl = (path: string, more = "") => `curl -s "${api}${path}" -H "Authorization: Bearer ${token}"${more}`;
  const order = JSON.stringify({ lines: [{ productId, quantity: 1 }] });
  return [
    curl("/v1/products?query=rocket&limit=3"),
    curl("/v1/orders", ` -H "Content-Type: application/json" -H "Idempotency-Key: ${randomUUID()}" -d '${order}'`),
    curl("/v1/orders"),
  ];
}
