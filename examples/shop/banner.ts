import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "plimsoll";
import { type Opened, password } from "./seed.ts";

/** Where the shop writes its files. */
interface Places {
  readonly directory: string;
  readonly logFile: string;
  readonly mailDirectory: string;
}

/** Writes the token of each user into a file that only this account can read, so that no terminal shows one. */
export function keepTokens(directory: string, { people }: Opened): void {
  const folder = join(directory, "tokens");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name, token } of people) {
    const path = join(folder, name.toLowerCase());
    // An existing file would keep its mode.
    rmSync(path, { force: true });
    writeFileSync(path, token, { mode: 0o600 });
  }
}

/** What the shop prints after its start, on one screen: its addresses, its users, and commands to try. */
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
The shop runs. Its API is documented at ${api}/docs

  sign in ${api}/sign-in, for browsers: sessions, passkeys, invitations
  API     ${api}/v1
  ops     ${urls.ops}/metrics
  log     ${logFile}; receipts and links are mailed to ${mailDirectory} (.eml)
  users   ${names("acme")} of acme; ${names("globex")} of globex
          Their password is ${password}. Their tokens are in ${join(directory, "tokens")}, and valid for an hour.

Search, order and pay, look at the saga and the events that it left, list the orders, submit tasks, count results:

${curlLines({ api, ops: urls.ops, tokenFile: join(directory, "tokens", ben.name.toLowerCase()), productId }).join("\n")}
`;
}

/** What the shop prints after a restart: the rest is above it in the terminal. */
export function reopened({ urls }: App): string {
  return `The shop runs again: ${urls.surfaces[0]}/docs`;
}

function noUsers(api: string | undefined): string {
  return `
The shop runs at ${api}/v1. Its API is documented at ${api}/docs, and browsers sign in at ${api}/sign-in
In production there are no users with a printed password. To create a tenant with its first administrator, start once with FIRST_TENANT, FIRST_EMAIL and FIRST_PASSWORD.
`;
}

interface Tried {
  readonly api: string | undefined;
  readonly ops: string | undefined;
  readonly tokenFile: string;
  readonly productId: string | undefined;
}

function curlLines({ api, ops, tokenFile, productId }: Tried): string[] {
  const curl = (path: string, more = "") => `curl -s "${api}${path}" -H "Authorization: Bearer $(cat ${quoted(tokenFile)})"${more}`;
  const send = (body: object) =>
    ` -H "Idempotency-Key: ${randomBytes(4).toString("hex")}" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  return [
    curl("/v1/products?query=rocket&limit=3"),
    curl("/v1/checkouts", send({ lines: [{ productId, quantity: 1 }] })),
    `curl -s "${ops}/sagas?name=payments.checkout-saga"`,
    `curl -s "${ops}/events/log?limit=5"`,
    curl("/v1/orders"),
    curl("/v1/crunch", send({ items: ["a rocket", "a kite"] })),
    curl("/v1/crunch/stats"),
  ];
}

/** As a shell reads it: in quotes only if it needs them. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
