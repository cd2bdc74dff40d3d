import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "plimsoll";
import { type Opened, password } from "./seed.ts";

/** Where the shop leaves what it writes. */
interface Places {
  readonly directory: string;
  readonly logFile: string;
  readonly mailDirectory: string;
}

/** Puts everybody's token into a file that only this user reads, so that no terminal shows one. */
export function keepTokens(directory: string, { people }: Opened): void {
  const folder = join(directory, "tokens");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name, token } of people) {
    const path = join(folder, name.toLowerCase());
    // A file that is there keeps its mode, whatever is asked for.
    rmSync(path, { force: true });
    writeFileSync(path, token, { mode: 0o600 });
  }
}

/** What the shop says when it has opened, on one screen: where it is, who may come in, and what to try first. */
export function banner({ urls }: App, { directory, logFile, mailDirectory }: Places, { people, productId }: Opened): string {
  const [api] = urls.surfaces;
  const ben = people.find(({ role }) => role === "customer");
  if (ben === undefined) return noUsers(api);
  const names = (tenant: string) =>
    people
      .flatMap((person) =>
        person.tenant === tenant ? [person.role === "administrator" ? `${person.name} (administrator)` : person.name] : [],
      )
      .join(", ");
  return `
The shop is open. Read about its API at ${api}/docs

  API     ${api}/v1
  ops     ${urls.ops}/metrics
  log     ${logFile}, a line for each request and each task
  mail    ${mailDirectory}, a receipt for each order (.eml)
  people  ${names("acme")} of acme; ${names("globex")} of globex
          Their password is ${password}; their tokens are in ${join(directory, "tokens")}, good for an hour.

Search, order, see your orders, have something crunched, and see how far that is:

${curlLines({ api, tokenFile: join(directory, "tokens", ben.name.toLowerCase()), productId }).join("\n")}

`;
}

/** What it says when a change has started it again: everything else stands above. */
export function reopened({ urls }: App): string {
  return `The shop is open again: ${urls.surfaces[0]}/docs`;
}

function noUsers(api: string | undefined): string {
  return `
The shop is open at ${api}/v1. Read about its API at ${api}/docs
In production there are no users with a known password. Create the first administrator with FIRST_TENANT, FIRST_EMAIL and FIRST_PASSWORD, once.
`;
}

function curlLines({ api, tokenFile, productId }: { api: string | undefined; tokenFile: string; productId: string | undefined }): string[] {
  const curl = (path: string, more = "") => `curl -s "${api}${path}" -H "Authorization: Bearer $(cat ${quoted(tokenFile)})"${more}`;
  const send = (body: object) =>
    ` -H "Idempotency-Key: ${randomBytes(4).toString("hex")}" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  return [
    curl("/v1/products?query=rocket&limit=3"),
    curl("/v1/orders", send({ lines: [{ productId, quantity: 1 }] })),
    curl("/v1/orders"),
    curl("/v1/crunch", send({ items: ["a rocket", "a kite"] })),
    curl("/v1/crunch/stats"),
  ];
}

/** As a shell reads it: in quotes only where it must be. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
