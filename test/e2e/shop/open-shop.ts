import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Chaos, failFirstAttempts } from "../../../examples/shop/crunch/chaos.ts";
import type { Mailer } from "../../../examples/shop/notifications/mailer.ts";
import type { ProviderAccess } from "../../../examples/shop/payments/adapter.ts";
import type { Gateway } from "../../../examples/shop/payments/gateway.ts";
import type { UpstreamPlaces } from "../../../examples/shop/relay/clients.ts";
import { type Opened, openShops } from "../../../examples/shop/seed.ts";
import { sharedIn } from "../../../examples/shop/shared.ts";
import { createShop, modules, type ShopSpec } from "../../../examples/shop/shop.ts";
import type { App } from "../../../src/app/app.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { asChosen, chosenServer } from "../../campaigns/chosen-server.ts";
import { onServices, openServices } from "../services/open-services.ts";

/** What came back over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON came; the assertions say what is expected of it.
  readonly body: any;
}

export interface Ask {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestShop extends AsyncDisposable {
  /** Of its durable work: where the shop is four services, it looks after theirs by the database. */
  readonly app: App;
  /** Of the API. */
  readonly url: string;
  /** Where the provider sends its notices. */
  readonly noticesUrl: string;
  /** The ops ports, one of each process. */
  readonly opsUrls: readonly string[];
  readonly database: TestDatabase;
  readonly opened: Opened;
  readonly mailDirectory: string;
  /** Sends one request, as in `ask("GET /v1/products?query=rope", { token })`. */
  ask(line: string, ask?: Ask): Promise<Answer>;
  /** Runs an operation, also an internal one, where the shop runs it. */
  readonly call: App["call"];
  /** The token of a user of the seed. */
  token(name: string): string;
}

/** What all shops of the tests have in common. */
export const testSpec = { secret: "a secret of the tests, 32 bytes and more", port: 0, opsPort: 0 } as const;

/** What a test may say of its shop. */
export interface TestShopSpec {
  /** The share of items whose first attempt to be crunched fails. */
  readonly crunchFailures?: number;
  readonly places?: UpstreamPlaces;
  readonly pays?: ProviderAccess;
  /** One that is known before the start, where the shop's pages must know their origin. */
  readonly port?: number;
  readonly tls?: ShopSpec["tls"];
  readonly origin?: string;
  /** What it has with other shops. */
  readonly redis?: { readonly url: string; readonly prefix: string };
}

/** What only a shop in this process can be given: functions of the test. */
export interface OwnProcessSpec {
  readonly chaos?: Chaos;
  readonly gateway?: Gateway;
  /** *Default*: a file for each. */
  readonly mail?: Mailer;
  readonly telemetry?: NonNullable<ShopSpec["telemetry"]>;
}

/** Opens the shop on a database of its own, behind real HTTP: in this process, or as four services where a campaign asks for them. */
export async function openTestShop(spec: TestShopSpec = {}): Promise<TestShop> {
  return onServices() ? openAsServices(spec) : openInProcess(spec);
}

/** Opens the shop in this process, whatever a campaign asks for: for tests that give it functions of their own. */
export async function openInProcess(spec: TestShopSpec & OwnProcessSpec = {}): Promise<TestShop> {
  const { crunchFailures = 0, chaos = failFirstAttempts(crunchFailures), gateway, pays = gateway, redis, port = 0, ...rest } = spec;
  const { database, mailDirectory, close } = await openPlace();
  const app = createShop({
    ...{ ...testSpec, port, database: asChosen(database), mailDirectory, chaos },
    ...(redis && sharedIn(redis.url, redis.prefix)),
    ...(pays && { pays }),
    ...rest,
  });
  await app.start();
  const opened = await openShops(app);
  const [url = ""] = app.urls.surfaces;
  return {
    ...{ app, url, noticesUrl: `${url}/v1/payment-notices`, opsUrls: [`${app.urls.ops}`] },
    ...{ database, mailDirectory, call: app.call.bind(app), ...askingOf(url, opened) },
    async [Symbol.asyncDispose]() {
      await app.stop();
      await close();
    },
  };
}

async function openAsServices({ pays, ...spec }: TestShopSpec): Promise<TestShop> {
  const { database, mailDirectory, close } = await openPlace();
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-services-"));
  const given = { ...spec, ...(pays && { pays }), secret: testSpec.secret, directory, mailDirectory, database };
  const { fleet, app, call, opened, stop } = await openServices(given);
  return {
    ...{ app, call, database, mailDirectory, ...askingOf(fleet.url, opened) },
    ...{ url: fleet.url, noticesUrl: fleet.noticesUrl, opsUrls: fleet.opsUrls },
    async [Symbol.asyncDispose]() {
      await stop();
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A database, and a folder for mail. */
async function openPlace() {
  const mailDirectory = mkdtempSync(join(tmpdir(), "plimsoll-mail-"));
  const server = chosenServer();
  const database = await testDatabase({ modules, ...(server && { server }) });
  const close = async () => {
    await database.drop();
    rmSync(mailDirectory, { recursive: true, force: true });
  };
  return { mailDirectory, database, close };
}

function askingOf(url: string, opened: Opened): Pick<TestShop, "opened" | "ask" | "token"> {
  const tokens = new Map(opened.people.map(({ name, token }) => [name, token]));
  return { opened, ask: (line, ask) => send(url, line, ask), token: (name) => tokens.get(name) ?? "" };
}

async function send(url: string, line: string, { token, body, headers }: Ask = {}): Promise<Answer> {
  const [method, path] = line.split(" ");
  const response = await fetch(`${url}${path}`, {
    method: method ?? "",
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(?:[a-z]+\+)?json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : isJson ? JSON.parse(text) : { text } };
}

/** Has all processes of the shop count rates, and refuse for none. */
export async function measureRates({ opsUrls }: TestShop): Promise<void> {
  for (const url of opsUrls) {
    const { limits } = (await (await fetch(`${url}/loadlines`)).json()) as { readonly limits: readonly { readonly name: string }[] };
    for (const { name } of limits.filter((limit) => / rate per /.test(limit.name))) {
      const body = JSON.stringify({ mode: "measure", reason: "a test asks for all callers" });
      const asked = { method: "POST", headers: { "plimsoll-ops": "yes" }, body };
      const { status } = await fetch(`${url}/loadlines/${encodeURIComponent(name)}`, asked);
      if (status !== 200) throw new TypeError(`The limit ${name} at ${url} cannot be measured alone: ${status}.`);
    }
  }
}

/** The id of the user that a token is for. */
export function subjectOf(token: string): string {
  return claimsOf(token).sub;
}

/** What a token says. */
export function claimsOf(token: string): { readonly sub: string; readonly tid: string; readonly roles: readonly string[] } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
