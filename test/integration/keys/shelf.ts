import { type AppSpec, action, command, createApp, module, query, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { type TestDatabase, testActor } from "plimsoll/testing";
import { z } from "zod";
import type { Actor, Authenticator } from "../../../src/operation/actor.ts";
import { bearer } from "../../../src/operation/authentication/bearer.ts";

// Rows by which a test counts how often something was done, and schemas whose values differ every time they are asked.

let made = 0;
/** As a schema makes a time or an id: never the same twice. */
export const make = () => `made ${++made}`;
const isMade = (text: string) => text.startsWith("made ");

/** A field that the schema makes a value of, and what is sent where it does. */
export const makers = {
  default: { schema: z.string().default(make), sent: {} },
  prefault: { schema: z.string().prefault(make), sent: {} },
  catch: { schema: z.string().max(3).catch(make), sent: { made: "too long" } },
  transform: { schema: z.string().transform(make), sent: { made: "x" } },
  preprocess: { schema: z.preprocess((value) => value ?? make(), z.string()), sent: {} },
} as const;
export type Maker = keyof typeof makers;
export const makerNames = Object.keys(makers) as Maker[];

export const Done = z.object({ id: z.string(), made: z.string() });

export const put = (maker: Maker) =>
  command(`shelf.put-${maker}`, {
    input: z.object({ name: z.string(), made: makers[maker].schema }),
    output: Done,
    access: signedIn(),
    idempotent: "key",
    budget: "10s",
    http: `POST /put/${maker}/{name}`,
    async run(input, { sql, newId }) {
      const id = newId();
      await sql`insert into shelf.items (id, name, made) values (${id}, ${input.name}, ${input.made})`.run();
      return { id, made: String(input.made) };
    },
  });

/** Calls the command with the key that it is given. */
export const pass = (target: ReturnType<typeof put>, maker: Maker) =>
  action(`shelf.pass-${maker}`, {
    input: z.object({ name: z.string(), key: z.string() }),
    output: Done,
    access: signedIn(),
    idempotent: "natural",
    budget: "10s",
    run: ({ name, key }, { call }) => call(target, { name, ...makers[maker].sent } as never, { key }),
  });

export const list = (maker: Maker) =>
  query(`shelf.list-${maker}`, {
    input: z.object({
      ...{ name: z.string().optional(), cursor: z.string().optional(), limit: z.int().default(1), made: makers[maker].schema },
    }),
    output: z.object({ items: z.array(z.object({ id: z.string() })), nextCursor: z.string().optional() }),
    access: signedIn(),
    budget: "10s",
    http: `GET /list/${maker}`,
    run: (input, { sql, page }) =>
      page(input, {
        rows: (after: string | undefined, limit) =>
          sql`select id from shelf.items where ${after ?? null}::uuid is null or id > ${after ?? null}::uuid order by id limit ${limit}`.many() as never,
        position: (row: { readonly id: string }) => row.id,
      }),
  });

export const puts = Object.fromEntries(makerNames.map((maker) => [maker, put(maker)])) as Record<Maker, ReturnType<typeof put>>;
export const lists = Object.fromEntries(makerNames.map((maker) => [maker, list(maker)])) as Record<Maker, ReturnType<typeof list>>;
export const passes = Object.fromEntries(makerNames.map((maker) => [maker, pass(puts[maker], maker)])) as Record<
  Maker,
  ReturnType<typeof pass>
>;

/** A module on the shelf's table; `shelf` is the one with all that stands above. */
export const shelfOf = (operations: Parameters<typeof module>[1]["operations"]) =>
  module("shelf", { schema: "shelf", migrations: new URL("./migrations/", import.meta.url), operations });
export const shelf = shelfOf([...Object.values(puts), ...Object.values(lists), ...Object.values(passes)]);

export const ann: Actor = testActor({ id: "ann" });

/** Takes the token for the id of a user. */
export const byName: Authenticator = {
  ...bearer,
  document: { type: "http", scheme: "bearer" },
  authenticate: (token: string) => testActor({ id: token }),
  remembered: () => undefined,
};

/** An app on a free port. */
export async function serveShelf(database: TestDatabase, spec: Partial<AppSpec> = {}) {
  const app = createApp({
    ...{ modules: [shelf], database, authentication: byName, rateLimit: { perSecond: 0 }, shutdown: "1s" },
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
    ...spec,
  });
  await app.start();
  const [url = ""] = app.urls.surfaces;
  /** As a caller that has signed in asks it: over the network, or where `through` is `fetch` without one. */
  const ask = async (line: `${string} ${string}`, { key, body, headers, through = "socket" }: Asked = {}) => {
    const [method = "", target = ""] = line.split(/ (.*)/s);
    const request = new Request(new URL(target, url), {
      method,
      headers: {
        authorization: "Bearer ann",
        ...(key !== undefined && { "idempotency-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const response = await (through === "fetch" ? app.fetch(request) : fetch(request));
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
    return { status: response.status, headers: response.headers, json: (text === "" ? undefined : JSON.parse(text)) as any };
  };
  return { app, ask, [Symbol.asyncDispose]: () => app.stop() };
}

interface Asked {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly through?: "socket" | "fetch";
}

export async function countItems(database: TestDatabase, name?: string): Promise<number> {
  const [row] = await database.admin<{ n: number }>("select count(*)::integer as n from shelf.items where $1::text is null or name = $1", [
    name ?? null,
  ]);
  return row!.n;
}

export { isMade };
