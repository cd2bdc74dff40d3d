import {
  type Actor,
  action,
  claim,
  command,
  createApp,
  fault,
  module,
  permission,
  query,
  rateLimit,
  rawBody,
  role,
  secret,
  signedIn,
  upload,
  visibleTo,
} from "plimsoll";
import { apiKeys, jwt, mtls, sessions } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { z } from "zod";
import type { App } from "../../../src/app/app.ts";
import type { SessionStore } from "../../../src/operation/authentication/session-store.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";

// An app in which everything that a document can show occurs: bodies of all kinds, streams, files, several schemes.

const id = "018f6b1e-7c2a-7b3e-9d55-3c1f0a9b2e44";
const Money = z.object({ cents: z.int().min(0), currency: z.enum(["EUR", "CNY"]) }).meta({ id: "Money", description: "An amount." });
interface Folder {
  readonly name: string;
  readonly inside: readonly Folder[];
}
const Folder: z.ZodType<Folder> = z.lazy(() => z.object({ name: z.string(), inside: z.array(Folder) })).meta({ id: "Folder" });
const Thing = z.object({
  id: z.uuid(),
  version: z.int(),
  price: Money,
  note: z.string().nullable(),
  margin: visibleTo(permission("things.audit"), z.int()),
  shape: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("box"), edge: z.number() }),
    z.object({ kind: z.literal("ball"), radius: z.number() }),
  ]),
  labels: z.record(z.string(), z.string()),
  place: z.tuple([z.number(), z.number()]),
});
const Gone = fault("thing_gone", { code: "not_found", details: z.object({ id: z.uuid() }), message: "There is no such thing." });
const Taken = fault("thing_taken", { code: "failed_precondition", status: 409, message: "The thing is taken." });
const thing = {
  ...{ id, version: 3, price: { cents: 5, currency: "EUR" as const }, note: null, margin: 1, shape: { kind: "box" as const, edge: 2 } },
  ...{ labels: { colour: "red" }, place: [1, 2] as [number, number] },
};
const nothing = z.object({});

const get = query("t.get", {
  summary: "Read a thing",
  input: z.object({ id: z.uuid() }),
  output: Thing,
  faults: [Gone],
  access: role("customer"),
  budget: "1s",
  example: { input: { id }, output: thing },
  cache: { ttl: "10s" },
  http: {
    route: "GET /things/{id}",
    etag: ({ version }) => version,
    cacheControl: { maxAge: "1m" },
    alternatives: [{ type: "text/csv", text: ({ version }) => `version\r\n${version}\r\n` }],
  },
  owns: async () => true,
  run: async ({ id: asked }) => ({ ...thing, id: asked }),
});
const stock = query("t.stock", {
  ...{ input: z.object({ id: z.uuid() }), output: z.object({ left: z.int() }), access: role("customer"), budget: "1s" },
  http: { route: "GET /things/{id}/stock", etag: ({ left }) => left },
  run: async () => ({ left: 7 }),
});
const list = query("t.list", {
  input: z.object({
    status: z.enum(["open", "closed"]).optional(),
    tags: z.array(z.string()).max(9).optional(),
    limit: z.int().min(1).max(100).default(20),
    cursor: z.string().nullable().optional(),
  }),
  output: z.object({ items: z.array(Thing), cursor: z.string().nullable(), total: z.int() }),
  ...{ access: signedIn(), budget: { deadline: "1s", rate: rateLimit({ per: "actor", limit: 5, period: "1m" }) } },
  http: { route: "GET /things", responseHeaders: { total: "X-Total-Count" } },
  run: async () => ({ items: [thing], cursor: null, total: 1 }),
});
const place = command("t.place", {
  ...{ summary: "Place a thing", input: z.object({ price: Money, count: z.int().min(1).default(1) }), output: Thing, faults: [Taken] },
  ...{ access: permission("things.place"), budget: "1s", idempotent: "key" },
  example: { input: { price: { cents: 5, currency: "EUR" } }, output: thing },
  http: { route: "POST /things", status: 201, location: (output) => `/things/${output.id}` },
  run: async () => thing,
});
const change = command("t.change", {
  ...{ input: z.object({ id: z.uuid(), version: z.int(), note: z.string().nullable() }), output: nothing, access: role("customer") },
  ...{ budget: "1s", idempotent: "natural", example: { input: { id, version: 3, note: "red" } } },
  http: { route: "PATCH /things/{id}", ifMatch: "version" },
  run: async () => ({}),
});
const remove = command("t.remove", {
  ...{
    input: z.object({ id: z.uuid() }),
    output: nothing,
    access: role("customer"),
    budget: "1s",
    idempotent: "natural",
    http: "DELETE /things/{id}",
  },
  run: async () => ({}),
});
const sign = action("t.sign", {
  ...{ input: z.object({ user: z.email(), password: secret(z.string().min(8)) }), output: z.object({ token: secret(z.string()) }) },
  ...{ access: "public", budget: "1s", idempotent: "no", example: { input: { user: "ada@example.com", password: "correct horse" } } },
  http: { route: "POST /sign-in", body: "form" },
  run: async () => ({ token: "t" }),
});
const open = action("t.open", {
  ...{ input: nothing, output: z.object({ to: z.string() }), access: "public", budget: "1s", idempotent: "no" },
  http: { route: "POST /open", status: 303, location: ({ to }) => to, redirectsTo: ["https://pay.example.com"] },
  run: async () => ({ to: "/things" }),
});
const send = action("t.send", {
  ...{
    input: z.object({ title: z.string(), photo: upload({ bytesMax: 1_000_000, types: ["image/png", "image/jpeg"] }) }),
    output: z.object({ bytes: z.int() }),
  },
  ...{ access: role("customer"), budget: "1m", idempotent: "no", http: { route: "POST /photos", body: "multipart" } },
  run: async ({ photo }) => {
    let bytes = 0;
    for await (const part of photo) bytes += part.length;
    return { bytes };
  },
});
const receive = action("t.receive", {
  ...{
    input: z.object({ body: rawBody({ types: ["application/json"] }), time: z.int() }),
    output: nothing,
    access: "public",
    budget: "1s",
  },
  ...{ idempotent: "natural", http: { route: "POST /hooks", body: "raw", headers: { time: "X-Time" } } },
  run: async () => ({}),
});
const fetchIt = query("t.fetch", {
  ...{ input: z.object({ name: z.string() }), output: z.object({ bytes: z.int() }), access: "public", budget: "1s" },
  http: {
    route: "GET /reports/{name}",
    download: { type: "application/pdf", name: () => "a.pdf", size: ({ bytes }) => bytes, open: () => Buffer.from("%PDF-1.7\n%") },
  },
  run: async () => ({ bytes: 10 }),
});
const table = query("t.table", {
  ...{ input: nothing, output: nothing, access: "public", budget: "1s" },
  http: { route: "GET /table", file: { type: "text/csv", name: () => "table.csv", text: () => "a,b\r\n" } },
  run: async () => ({}),
});
const watch = query("t.watch", {
  input: z.object({ id: z.uuid() }),
  stream: { item: z.object({ step: z.int(), folder: Folder }), id: ({ step }) => String(step) },
  ...{ access: signedIn(), budget: "1s" },
  http: "GET /things/{id}/events",
  async *run() {
    yield { step: 1, folder: { name: "a", inside: [] } };
  },
});
const basket = action("t.basket", {
  ...{
    input: z.object({ basketId: z.int().optional(), currency: z.enum(["EUR", "CNY"]).default("EUR") }),
    output: z.object({ basketId: z.int(), folder: Folder }),
  },
  ...{ access: "public", budget: "1s", idempotent: "natural" },
  http: {
    ...{ route: "PUT /basket", headers: { currency: "Accept-Currency" }, cookies: { basketId: "basket" } },
    responseCookies: { basketId: { name: "basket", maxAge: "30d" } },
  },
  run: async ({ basketId = 1 }) => ({ basketId, folder: { name: "a", inside: [] } }),
});

const actor: Actor = { id: "ada", kind: "service", roles: ["customer"], tenant: "acme", claims: { tid: "acme" } };

/** Makes the app; it is served on a free port. */
export function everyFeature(): App {
  return createApp({
    modules: [
      module("t", { operations: [get, stock, list, place, change, remove, sign, open, send, receive, fetchIt, table, watch, basket] }),
    ],
    authentication: [
      mtls({ actor: () => actor }),
      apiKeys({ prefix: "every", header: "X-Api-Key", find: () => undefined }),
      sessions({ idle: "30m" }),
      jwt({ keys: [{ algorithm: "HS256", secret: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA" }], issuer: "every", audience: "every" }),
    ],
    permissions: { customer: ["things.place"], auditor: ["things.audit"] },
    tenancy: claim("tid"),
    database: { open: () => Object.assign(new MemoryDatabase(), { sessions: {} as SessionStore }) },
    surfaces: [http({ port: 0, documents: true })],
  });
}
