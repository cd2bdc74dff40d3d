import { action, command, event, fault, module, query, rateLimit, signedIn } from "plimsoll";
import { sessions } from "plimsoll/auth";
import { z } from "zod";

export const session = sessions({ idle: "30m", absolute: "2h" });

const quick = { budget: "5s", access: "public" } as const;
const OtherVersion = fault("other_version", { code: "failed_precondition", message: "It has another version.", status: 412 });
const noted = event("desk.noted", { data: z.object({ id: z.string() }), key: ({ id }) => id });
const Kept = z.object({ id: z.string(), version: z.int(), source: z.string(), region: z.string(), basket: z.string().nullable() });

const place = command("desk.place", {
  ...quick,
  input: z.object({ id: z.string(), source: z.string(), basket: z.string().optional() }),
  output: Kept,
  idempotent: { key: "id" },
  emits: [noted],
  http: {
    route: "POST /v1/orders",
    status: 201,
    headers: { source: "X-Source" },
    cookies: { basket: "basket" },
    location: ({ id }) => `/v1/orders/${id}`,
    etag: ({ version }) => version,
    responseHeaders: { region: "X-Region" },
    responseCookies: { basket: { name: "basket", httpOnly: true, maxAge: "1h" } },
  },
  async run({ id, source, basket = "none" }, { emit }) {
    emit(noted, { id });
    return { id, version: 7, source, region: "eu", basket: basket === "old" ? null : basket };
  },
});
const look = query("desk.look", {
  ...{ ...quick, input: z.object({ id: z.string(), tags: z.array(z.string()).default([]) }) },
  output: z.object({ id: z.string(), version: z.int(), tags: z.array(z.string()) }),
  budget: { deadline: "5s", rate: rateLimit({ per: "address", limit: 3, period: "1h" }) },
  http: { route: "GET /v1/orders/{id}", headers: { tags: "X-Tags" }, etag: ({ version }) => version, cacheControl: { maxAge: "1m" } },
  run: async ({ id, tags }) => ({ id, version: 7, tags }),
});
const change = command("desk.change", {
  ...{ ...quick, input: z.object({ id: z.string(), version: z.string().optional() }), output: z.object({}), idempotent: "natural" },
  ...{ faults: [OtherVersion], http: { route: "PUT /v1/orders/{id}", ifMatch: "version" } },
  run: async ({ version }, { fail }) => (version === "7" ? {} : fail(OtherVersion, {})),
});
const go = action("desk.go", {
  ...{ ...quick, input: z.object({ id: z.string() }), output: z.object({ to: z.string() }), idempotent: "no" },
  http: { route: "POST /v1/go", status: 303, location: ({ to }) => to },
  run: async ({ id }) => ({ to: `/v1/orders/${id}` }),
});
const table = query("desk.table", {
  ...{ ...quick, input: z.object({ rows: z.int() }), output: z.object({ name: z.string(), rows: z.int() }) },
  http: {
    route: "GET /v1/table",
    file: { type: "text/csv", name: ({ name }) => name, text: ({ rows }) => Array.from({ length: rows }, (_, at) => `${at}\r\n`).join("") },
  },
  run: async ({ rows }) => ({ name: "orders.csv", rows }),
});
const forms = query("desk.forms", {
  ...{ ...quick, input: z.object({}), output: z.object({ name: z.string() }) },
  http: { route: "GET /v1/forms", alternatives: [{ type: "text/csv", text: ({ name }) => name }] },
  run: async () => ({ name: "one" }),
});
const signIn = command("desk.sign-in", {
  ...{ ...quick, input: z.object({ user: z.string(), fails: z.boolean().default(false) }), output: z.object({ user: z.string() }) },
  ...{ idempotent: "no", http: "POST /v1/sign-in" },
  async run({ user, fails }, scope) {
    await session.start(scope, { id: user });
    if (fails) throw new TypeError("it fails after the session was started");
    return { user };
  },
});
const signInOnce = command("desk.sign-in-once", {
  ...{ ...quick, input: z.object({ user: z.string() }), output: z.object({ user: z.string() }), idempotent: { key: "user" } },
  http: "POST /v1/sign-in-once",
  async run({ user }, scope) {
    await session.start(scope, { id: user });
    return { user };
  },
});
const enter = action("desk.enter", {
  ...{ ...quick, input: z.object({ user: z.string() }), output: z.object({ user: z.string() }), idempotent: "no", http: "POST /v1/enter" },
  run: async (input, { call }) => call(signIn, input),
});
const signOut = command("desk.sign-out", {
  ...{ ...quick, input: z.object({}), output: z.object({}), idempotent: "natural", http: "POST /v1/sign-out" },
  async run(_, scope) {
    await session.end(scope);
    return {};
  },
});
const me = query("desk.me", {
  ...{ budget: "5s", access: signedIn(), input: z.object({}), output: z.object({ id: z.string() }), http: "GET /v1/me" },
  run: async (_, { actor }) => ({ id: actor.id }),
});

/** A module whose operations say much over HTTP. */
export const desk = module("desk", {
  operations: [place, look, change, go, table, forms, signIn, signInOnce, enter, signOut, me],
  events: [noted],
});

/** What an app in front calls by a handler of its own. */
export const front = module("front", {
  operations: [
    action("front.enter", {
      ...{ ...quick, input: z.object({ user: z.string() }), output: z.object({ user: z.string() }), idempotent: "no" },
      http: "POST /v1/front/enter",
      run: async (input, { call }) => call(signIn, input),
    }),
  ],
});
