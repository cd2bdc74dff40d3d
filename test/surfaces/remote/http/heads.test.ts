// What an operation takes from HTTP and says over it is the same where another process runs it: the head and the body of each response, byte by byte.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type App, type AppSpec, createApp } from "plimsoll";
import { grpc } from "plimsoll/grpc";
import { http } from "plimsoll/http";
import { postgres } from "plimsoll/postgres";
import { internalCalls, remote } from "plimsoll/remote";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { keys } from "../two-apps.ts";
import { desk, front, session } from "./operations.ts";

/** A response as its client sees it; what differs between any two is left out. */
interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
}

type Headers = Readonly<Record<string, string>>;

interface Asking {
  ask(line: string, headers?: Headers, body?: object): Promise<Said>;
}

interface Row {
  readonly name: string;
  run(asking: Asking): Promise<readonly Said[]>;
  /** Of each response, so that both ways cannot be wrong alike. */
  readonly statuses: readonly number[];
  /** How many sessions there are in the end. *Default*: it does not matter. */
  readonly sessions?: number;
  /** What the last one has. */
  readonly has?: Partial<Record<string, string | RegExp>>;
}

const once = (line: string, status: number, { headers = {}, body, has }: { headers?: Headers; body?: object; has?: Row["has"] } = {}) => ({
  run: async ({ ask }: Asking) => [await ask(line, headers, body)],
  statuses: [status],
  ...(has && { has }),
});

const own = { "sec-fetch-site": "same-origin" };
const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
/** The cookie of a response, as its client sends it. */
const cookieOf = ({ cookies }: Said): Headers => ({ ...own, cookie: cookies[0]?.split(";")[0] ?? "" });
const order = { id: "o-1" };
const source = { "x-source": "desk", "idempotency-key": "k" };

const table: readonly Row[] = [
  {
    name: "status, Location, ETag, headers and cookies of an output, and where its events stand",
    ...once("POST /v1/orders", 201, {
      headers: { ...source, "idempotency-key": "k-1", cookie: "basket=b-1; other=1" },
      body: order,
      has: { location: "/v1/orders/o-1", etag: '"7"', "x-region": "eu", cookies: /^basket=b-1; .*HttpOnly/, "plimsoll-position": "-" },
    }),
  },
  {
    name: "a cookie that is deleted",
    ...once("POST /v1/orders", 201, {
      headers: { ...source, "idempotency-key": "k-2", cookie: "basket=old" },
      body: order,
      has: { cookies: /^basket=; .*Max-Age=0/ },
    }),
  },
  {
    name: "a reply that is repeated under its key",
    run: async ({ ask }) => {
      const headers = { ...source, "idempotency-key": "k-3", cookie: "basket=b-1" };
      return [await ask("POST /v1/orders", headers, order), await ask("POST /v1/orders", headers, order)];
    },
    statuses: [201, 201],
    has: { "idempotency-replayed": "true", location: "/v1/orders/o-1", "x-region": "eu", cookies: /^basket=b-1/ },
  },
  { name: "a header that is missing", ...once("POST /v1/orders", 400, { headers: { "idempotency-key": "k-4" }, body: order }) },
  {
    name: "a header with a list, the rate of the operation, and what caches may do",
    ...once("GET /v1/orders/o-1", 200, {
      headers: { "x-tags": 'a, "b c"' },
      has: {
        body: '{"id":"o-1","version":7,"tags":["a","b c"]}',
        "ratelimit-policy": /q=3;w=3600/,
        ratelimit: /r=2;/,
        "cache-control": /60/,
      },
    }),
  },
  {
    name: "a version that the client has",
    ...once("GET /v1/orders/o-2", 304, { headers: { "if-none-match": '"7"' }, has: { etag: '"7"' } }),
  },
  {
    name: "a rate that is used up",
    run: async ({ ask }) => [
      ...[await ask("GET /v1/orders/o-3"), await ask("GET /v1/orders/o-3")],
      ...[await ask("GET /v1/orders/o-3"), await ask("GET /v1/orders/o-3")],
    ],
    statuses: [200, 200, 200, 429],
    has: { "retry-after": /\d/, ratelimit: /r=0/ },
  },
  { name: "the version that a client changes", ...once("PUT /v1/orders/o-1", 204, { headers: { "if-match": '"7"' }, body: {} }) },
  {
    name: "another version, with the status of the fault",
    ...once("PUT /v1/orders/o-1", 412, { headers: { "if-match": '"6"' }, body: {} }),
  },
  { name: "a redirect", ...once("POST /v1/go", 303, { body: order, has: { location: "/v1/orders/o-1", body: "" } }) },
  {
    name: "a file",
    ...once("GET /v1/table?rows=2", 200, {
      has: { "content-disposition": /orders\.csv/, "content-type": /^text\/csv/, body: "0\r\n1\r\n" },
    }),
  },
  {
    name: "another form of an output",
    ...once("GET /v1/forms", 200, { headers: { accept: "text/csv" }, has: { body: "one", vary: /Accept/ } }),
  },
  {
    name: "a sign-in, its cookie, and a sign-out that ends the session",
    sessions: 1,
    run: async ({ ask }) => {
      const given = await ask("POST /v1/sign-in", own, { user: "ann" });
      const cookie = cookieOf(given);
      const seen = await ask("GET /v1/me", cookie);
      const out = await ask("POST /v1/sign-out", cookie, {});
      return [given, seen, out, await ask("POST /v1/enter", own, { user: "bob" })];
    },
    statuses: [200, 200, 204, 200],
    has: { cookies: /^__Host-[a-z]+=TOKEN; .*HttpOnly/ },
  },
  {
    name: "a session that the next sign-in replaces",
    sessions: 1,
    run: async ({ ask }) => {
      const first = cookieOf(await ask("POST /v1/sign-in", own, { user: "ann" }));
      const second = await ask("POST /v1/sign-in", first, { user: "ann" });
      return [second, await ask("GET /v1/me", cookieOf(second))];
    },
    statuses: [200, 200],
  },
  {
    name: "a sign-in that is repeated under its key gives the same cookie",
    run: async ({ ask }) => {
      const headers = { ...own, "idempotency-key": "k-5" };
      const one = await ask("POST /v1/sign-in-once", headers, { user: "cy" });
      const two = await ask("POST /v1/sign-in-once", headers, { user: "cy" });
      assert.deepEqual(cookieOf(two), cookieOf(one));
      return [one, two, await ask("GET /v1/me", cookieOf(two))];
    },
    statuses: [200, 200, 200],
  },
  {
    name: "a sign-in that fails gives no cookie",
    ...once("POST /v1/sign-in", 500, { headers: own, body: { user: "ann", fails: true }, has: { cookies: "" } }),
  },
  {
    name: "a sign-in that another site sends is refused, and starts no session",
    sessions: 0,
    ...once("POST /v1/sign-in", 403, { headers: foreign, body: { user: "mallory" }, has: { cookies: "", body: /cross_site_request/ } }),
  },
  {
    name: "a sign-in that an action calls",
    ...once("POST /v1/enter", 200, { headers: own, body: { user: "ann" }, has: { cookies: /TOKEN/ } }),
  },
  {
    name: "a sign-in of the module that an action of another one calls",
    ...once("POST /v1/front/enter", 200, { headers: own, body: { user: "ann" }, has: { cookies: /TOKEN/ } }),
  },
];

describe("what an operation says over HTTP, in one process and in two", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [desk] });
  });
  after(() => database.drop());

  async function see(row: Row, processes: 1 | 2): Promise<readonly Said[]> {
    const cursors = { key: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA-cursors" };
    const common = { database: postgres({ url: database.url }), development: false, rateLimit: { perSecond: 0 }, cursors };
    const facing = { authentication: session, surfaces: [http({ port: false })] } satisfies Partial<AppSpec>;
    const started: App[] = [];
    const start = async (spec: AppSpec) => {
      const app = createApp(spec);
      await app.start({ keepsProcess: false });
      started.unshift(app);
      return app;
    };
    const inside = {
      authentication: internalCalls({ keys }),
      surfaces: [grpc({ port: 0, host: "127.0.0.1", internal: true, lock: false })],
    };
    try {
      await database.admin("truncate plimsoll.sessions, plimsoll.idempotency");
      const behind = processes === 2 ? await start({ ...common, ...inside, modules: [desk] }) : undefined;
      const away = behind === undefined ? desk : remote(desk, { url: behind.urls.surfaces[0] ?? "", keys, lock: false });
      const app = await start({ ...common, ...facing, modules: [away, front], database: postgres({ url: database.url }) });
      const said = await row.run({ ask: (line, headers = {}, body = undefined) => ask(app, line, { headers, body }) });
      if (row.sessions !== undefined) assert.equal((await database.admin("select 1 from plimsoll.sessions")).length, row.sessions);
      return said;
    } finally {
      for (const app of started) await app.stop();
    }
  }

  for (const row of table)
    it(row.name, async () => {
      const [one, two] = [await see(row, 1), await see(row, 2)];
      assert.deepEqual(
        one.map(({ status }) => status),
        row.statuses,
      );
      assert.deepEqual(two.map(comparable), one.map(comparable));
      const { status: _, headers, cookies, body } = comparable(one.at(-1)!);
      const last: Readonly<Record<string, string>> = { ...headers, cookies: cookies.join("\n"), body };
      for (const [name, expected] of Object.entries(row.has ?? {}))
        if (expected instanceof RegExp) assert.match(last[name] ?? "", expected, name);
        else assert.equal(last[name], expected, name);
    });
});

async function ask(
  app: App,
  line: string,
  { headers, body }: { readonly headers: Headers; readonly body: object | undefined },
): Promise<Said> {
  const [method, path] = line.split(" ") as [string, string];
  const written = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const request = new Request(`http://desk.example${path}`, { method, headers: { ...type, ...headers }, ...written });
  const response = await app.fetch(request, { address: "192.0.2.1" });
  const all = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  return { status: response.status, headers: all, cookies: response.headers.getSetCookie(), body: await response.text() };
}

/** Without ids, tokens and times, of which no two are the same. */
function comparable({ headers, cookies, body, ...rest }: Said): Said {
  const measured = new Set(["x-request-id", "plimsoll-position", "date", "retry-after"]);
  return {
    ...rest,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        measured.has(name) ? value.replace(/.+/, name === "retry-after" ? "1" : "-") : value.replaceAll(/;t=\d+/g, ";t=1"),
      ]),
    ),
    cookies: cookies.map((cookie) => cookie.replace(/=[\w-]{40,};/, "=TOKEN;")),
    body: body.replaceAll(/"(requestId|waitMs|load)":("[^"]*"|[\d.]+)/g, '"$1":"-"').replaceAll(/\d+ ?(ms|s|min|h)\b/g, "N"),
  };
}
