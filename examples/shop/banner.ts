import { randomUUID } from "node:crypto";
import type { App } from "plimsoll";
import { type Opened, password } from "./seed.ts";

/** Where the shop leaves what it writes. */
interface Places {
  readonly logFile: string;
  readonly mailDirectory: string;
}

/** What the shop says when it has opened: where it is, who may come in, and what to try first. */
export function banner({ urls }: App, { logFile, mailDirectory }: Places, { people, productId }: Opened): string {
  const [api] = urls.surfaces;
  const tokens = people.map(({ tenant, name, role, email, token }) => `  ${name}, ${role} of ${tenant} (${email})\n  ${token}\n`);
  return `
The shop is open.

  API      ${api}/v1
  docs     ${api}/docs
  OpenAPI  ${api}/openapi.json
  ops      ${urls.ops}/readyz and ${urls.ops}/metrics
  log      ${logFile}, a line for each request and each task
  mail     ${mailDirectory}, a receipt for each order, as a file (.eml) that mail programs open

Everybody's password is ${password}. Their tokens are good for an hour:

${tokens.join("\n")}
Search, order, see what you ordered, have something crunched in the background, and see how far that is (with CRUNCH_FAILURES=0.2 in the
environment a fifth of the first attempts fails, and is tried again):

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
  const items = JSON.stringify({ items: ["a rocket", "a rocket and a kite"] });
  const order = JSON.stringify({ lines: [{ productId, quantity: 1 }] });
  return [
    curl("/v1/products?query=rocket&limit=3"),
    curl("/v1/orders", ` -H "Content-Type: application/json" -H "Idempotency-Key: ${randomUUID()}" -d '${order}'`),
    curl("/v1/orders"),
    curl("/v1/crunch", ` -H "Content-Type: application/json" -H "Idempotency-Key: ${randomUUID()}" -d '${items}'`),
    curl("/v1/crunch/stats"),
  ];
}
