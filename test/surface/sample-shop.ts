import { z } from "zod";
import { fault } from "../../src/core/fault.ts";
import { secret } from "../../src/core/schema.ts";
import { role, signedIn } from "../../src/operation/access.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { command } from "../../src/operation/online/command.ts";
import { query } from "../../src/operation/online/query.ts";

// A small shop in which every feature of a document occurs at least once.

const Money = z.object({ cents: z.int().min(0), currency: z.enum(["EUR", "CNY", "USD"]) }).meta({ id: "Money", description: "An amount." });
const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1).max(99).describe("Pieces.") });
const Order = z
  .object({
    orderId: z.uuid(),
    status: z.enum(["open", "paid", "cancelled"]),
    total: Money,
    lines: z.array(Line),
    note: z.string().nullable(),
    version: z.int(),
  })
  .meta({ id: "Order" });
interface Category {
  readonly name: string;
  readonly children: readonly Category[];
}
const Category: z.ZodType<Category> = z.lazy(() => z.object({ name: z.string(), children: z.array(Category) }));

const OutOfStock = fault("out_of_stock", {
  code: "failed_precondition",
  status: 409,
  details: z.object({ productId: z.uuid(), left: z.int() }),
  message: ({ left }) => `Only ${left} are left.`,
});
const OrderNotFound = fault("order_not_found", {
  code: "not_found",
  details: z.object({ orderId: z.uuid() }),
  message: "There is no such order.",
});
const OrderClosed = fault("order_closed", { code: "failed_precondition", message: "The order is closed." });
const VersionChanged = fault("version_changed", { code: "aborted", status: 412, message: "It was changed. Read it again." });
const WrongPassword = fault("wrong_password", { code: "unauthenticated", message: "The e-mail address or the password is wrong." });

const orderId = "018f6b1e-7c2a-7b3e-9d55-3c1f0a9b2e44";
const productId = "018f6b1e-7c2a-7b3e-9d55-3c1f0a9b2e01";
const exampleOrder = {
  orderId,
  status: "open" as const,
  total: { cents: 5_980, currency: "EUR" as const },
  lines: [{ productId, quantity: 2 }],
  note: null,
  version: 3,
};

const signIn = action("identity.sign-in", {
  summary: "Sign in with an e-mail address and a password",
  input: z.object({ tenant: z.string(), email: z.email(), password: secret(z.string().min(8)) }),
  output: z.object({ token: secret(z.string()), expiresAt: z.iso.datetime() }),
  faults: [WrongPassword],
  access: "public",
  idempotent: "no",
  budget: { deadline: "2s", concurrency: 4, queue: 32 },
  http: { route: "POST /v1/sessions", status: 201 },
  example: { input: { tenant: "north", email: "ann@example.com", password: "correct horse" } },
  run: async () => ({ token: "a.b.c", expiresAt: "2026-11-20T12:00:00Z" }),
});
const register = command("identity.register", {
  summary: "Register",
  input: z.object({ email: z.email(), name: z.string().min(1).max(120).optional() }),
  output: z.object({ userId: z.uuid() }),
  access: "public",
  idempotent: { key: "email" },
  budget: { deadline: "1s", idempotencyTtl: "1h" },
  http: { route: "POST /v1/users", status: 201, location: ({ userId }) => `/v1/users/${userId}` },
  run: async () => ({ userId: orderId }),
});
const listProducts = query("catalog.list", {
  summary: "Search the catalogue",
  input: z.object({
    query: z.string().max(100).optional().describe("Words to look for."),
    tag: z.array(z.string()).optional(),
    inStock: z.boolean().default(false),
    limit: z.int().min(1).max(100).default(20),
    cursor: z.string().optional(),
  }),
  output: z.object({ items: z.array(z.object({ productId: z.uuid(), name: z.string(), price: Money })), next: z.string().nullable() }),
  access: "public",
  criticality: "sheddable",
  budget: { deadline: "150ms", concurrency: 128, queue: 256, queries: 2 },
  http: "GET /v1/products",
  run: async () => ({ items: [], next: null }),
});
const categories = query("catalog.categories", {
  input: z.object({}),
  output: z.object({ root: Category }),
  access: "public",
  budget: { deadline: "50ms", concurrency: 16, queue: 0, queries: 1 },
  http: "GET /v1/categories",
  run: async () => ({ root: { name: "all", children: [] } }),
});
const takeStock = command("catalog.take-stock", {
  summary: "Internal: it has no route",
  input: z.object({ lines: z.array(Line) }),
  output: z.object({}),
  access: signedIn(),
  idempotent: "no",
  budget: "100ms",
  run: async () => ({}),
});
const placeOrder = command("orders.place", {
  summary: "Place an order",
  input: z.object({ lines: z.array(Line).min(1).max(100), note: z.string().max(500).optional() }),
  output: z.object({ orderId: z.uuid(), total: Money }),
  faults: [OutOfStock],
  access: role("customer"),
  idempotent: "key",
  criticality: "critical",
  budget: { deadline: "300ms", concurrency: 64, queue: 128, queries: 12 },
  http: { route: "POST /v1/orders", status: 201, location: (output) => `/v1/orders/${output.orderId}` },
  example: { input: { lines: [{ productId, quantity: 2 }] }, output: { orderId, total: { cents: 5_980, currency: "EUR" } } },
  run: async () => ({ orderId, total: { cents: 1, currency: "EUR" as const } }),
});
const getOrder = query("orders.get", {
  summary: "One of one's own orders",
  input: z.object({ orderId: z.uuid().describe("As `orders.place` gave it.") }),
  output: Order,
  faults: [OrderNotFound],
  access: role("customer"),
  budget: "100ms",
  http: { route: "GET /v1/orders/{orderId}", etag: ({ version }) => version },
  owns: async () => true,
  example: { input: { orderId }, output: exampleOrder },
  run: async () => exampleOrder,
});
const changeOrder = command("orders.change", {
  summary: "Change an open order",
  input: z.object({ orderId: z.uuid(), version: z.int(), note: z.string().nullable().optional(), lines: z.array(Line).optional() }),
  output: Order,
  faults: [OrderNotFound, OrderClosed, VersionChanged],
  access: role("customer", "administrator"),
  idempotent: "natural",
  budget: { deadline: "500ms", concurrency: 32, queue: 32, queries: 8 },
  http: { route: "PATCH /v1/orders/{orderId}", etag: ({ version }) => version, ifMatch: "version" },
  owns: async () => true,
  example: { input: { orderId, version: 3, note: "Ring twice." } },
  run: async () => exampleOrder,
});
const deleteOrder = command("orders.delete", {
  summary: "Forget an order",
  input: z.object({ orderId: z.uuid(), version: z.int().optional() }),
  output: z.object({}),
  access: role("administrator"),
  idempotent: "natural",
  budget: { deadline: "1s", concurrency: 8, queue: 8 },
  http: { route: "DELETE /v1/orders/{orderId}", ifMatch: "version" },
  run: async () => ({}),
});

export const sampleModules = [
  module("identity", { operations: [signIn, register] }),
  module("catalog", { operations: [listProducts, categories, takeStock] }),
  module("orders", { operations: [placeOrder, getOrder, changeOrder, deleteOrder] }),
];
