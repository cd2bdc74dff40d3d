import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chaos } from "../../../examples/shop/crunch/chaos.ts";
import type { Mailer } from "../../../examples/shop/notifications/mailer.ts";
import type { UpstreamPlaces } from "../../../examples/shop/relay/clients.ts";
import { type Opened, openShops } from "../../../examples/shop/seed.ts";
import { createShop, modules, type ShopSpec } from "../../../examples/shop/shop.ts";
import type { App } from "../../../src/app/app.ts";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { asChosen, chosenServer } from "../../campaigns/chosen-server.ts";

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
  readonly app: App;
  readonly database: TestDatabase;
  readonly opened: Opened;
  readonly mailDirectory: string;
  /** Sends one request, as in `ask("GET /v1/products?query=rope", { token })`. */
  ask(line: string, ask?: Ask): Promise<Answer>;
  /** The token of a user of the seed. */
  token(name: string): string;
}

/** What all shops of the tests have in common. */
export const testSpec = { secret: "a secret of the tests, 32 bytes and more", port: 0, opsPort: 0 } as const;

/** Opens the shop on a database of its own, behind real HTTP. */
export async function openTestShop({
  chaos,
  places,
  pays,
  shared,
  mail,
  port = 0,
  tls,
  origin,
  telemetry,
}: {
  readonly chaos?: Chaos;
  readonly places?: UpstreamPlaces;
  readonly pays?: ShopSpec["pays"];
  /** *Default*: a file for each. */
  readonly mail?: Mailer;
  /** One that is known before the start, where the shop's pages must know their origin. */
  readonly port?: number;
  readonly tls?: ShopSpec["tls"];
  readonly origin?: string;
  readonly telemetry?: AppSpec["telemetry"];
  /** What it has with other shops. */
  readonly shared?: Pick<AppSpec, "rateLimit" | "cache">;
} = {}): Promise<TestShop> {
  const mailDirectory = mkdtempSync(join(tmpdir(), "plimsoll-mail-"));
  const server = chosenServer();
  const database = await testDatabase({ modules, ...(server && { server }) });
  const app = createShop({
    ...testSpec,
    port,
    database: asChosen(database),
    mailDirectory,
    ...(chaos && { chaos }),
    ...(places && { places }),
    ...(pays && { pays }),
    ...(mail && { mail }),
    ...(tls && { tls }),
    ...(origin !== undefined && { origin }),
    ...(telemetry && { telemetry }),
    ...shared,
  });
  await app.start();
  const opened = await openShops(app);
  const tokens = new Map(opened.people.map(({ name, token }) => [name, token]));
  return {
    ...{ app, database, opened, mailDirectory },
    ask: (line, ask) => send(`${app.urls.surfaces[0]}`, line, ask),
    token: (name) => tokens.get(name) ?? "",
    async [Symbol.asyncDispose]() {
      await app.stop();
      await database.drop();
      rmSync(mailDirectory, { recursive: true, force: true });
    },
  };
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

/** The id of the user that a token is for. */
export function subjectOf(token: string): string {
  return claimsOf(token).sub;
}

/** What a token says. */
export function claimsOf(token: string): { readonly sub: string; readonly tid: string; readonly roles: readonly string[] } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
