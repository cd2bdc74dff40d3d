// Every change of what an app serves over GraphQL is found, by name and where it is: those that break a client's documents, and the others as harmless.
import assert from "node:assert/strict";
import { it } from "node:test";
import { action, module, query, role, signedIn } from "plimsoll";
import { relates } from "plimsoll/graphql";
import { z } from "zod";
import { compareContracts } from "../../src/contracts/compare.ts";
import { describeContracts } from "../../src/contracts/describe.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { findsBreaks, findsNoBreaks } from "./judge.ts";

// biome-ignore lint/suspicious/noExplicitAny: a planted change may be any part of a contract, also one that types would refuse together.
type Loose = any;

const order = { id: z.uuid(), note: z.string().optional(), total: z.int(), state: z.enum(["open", "paid"]), customerId: z.uuid() };
const line = { sku: z.string(), quantity: z.int().min(1).max(100), gift: z.boolean().optional() };
const customer = { id: z.uuid(), name: z.string() };
const card = z.object({ kind: z.literal("card"), last4: z.string() });
const bank = z.object({ kind: z.literal("bank"), iban: z.string() });

/** What a planted change replaces. */
interface Planted {
  readonly order?: Loose;
  readonly line?: Loose;
  readonly customer?: Loose;
  readonly ways?: readonly Loose[];
  readonly ids?: { readonly order?: string; readonly line?: string };
  readonly get?: Loose;
  readonly place?: Loose;
  readonly relation?: Loose;
}

function described({ order: o, line: l, customer: c, ways = [card, bank], ids = {}, get, place, relation }: Planted = {}) {
  const common: Loose = { budget: "1s", access: role("clerk", "customer"), run: async () => ({}) };
  const Order = z.object({ ...order, ...o }).meta({ id: ids.order ?? "Order" });
  const Line = z.object({ ...line, ...l }).meta({ id: ids.line ?? "Line" });
  const Customer = z.object({ ...customer, ...c }).meta({ id: "Customer" });
  const Paid = z.object({ way: z.discriminatedUnion("kind", ways as Loose), order: Order });
  const getOrder = query("shop.order", {
    ...common,
    graphql: true,
    input: z.object({ id: z.uuid(), old: z.boolean().optional() }),
    output: Order,
    ...get,
  });
  const list = query("shop.orders", { ...common, graphql: true, input: z.object({}), output: z.object({ items: z.array(Order) }) });
  const placing = {
    ...common,
    idempotent: "natural",
    graphql: true,
    input: z.object({ lines: z.array(Line), rush: z.enum(["no", "yes"]).optional() }),
  };
  const placeOrder = action("shop.place", { ...placing, output: Paid, ...place });
  const byIds = query("shop.customers", {
    ...common,
    input: z.object({ ids: z.array(z.uuid()) }),
    output: z.object({ customers: z.array(Customer) }),
  });
  const operations = [getOrder, list, placeOrder, byIds].filter(({ name }: Loose) => name !== "gone.gone");
  const brings = {
    from: Order,
    field: "customer",
    key: "customerId",
    through: byIds,
    input: "ids",
    items: "customers",
    match: "id",
    ...relation,
  };
  const relations = relation === "gone" ? [] : [relates(brings as Loose)];
  const all = describeContracts(buildRegistry([module("shop", { operations })]), relations);
  return { lockVersion: 1 as const, graphql: all.graphql };
}

interface Row {
  readonly name: string;
  readonly from?: Planted;
  readonly to: Planted;
  readonly finds: readonly string[];
}

const getInput = { id: z.uuid(), old: z.boolean().optional() };
const placeInput = { lines: z.array(z.object(line).meta({ id: "Line" })), rush: z.enum(["no", "yes"]).optional() };
const get = (shape: object): Planted => ({ get: { input: z.object({ ...getInput, ...shape } as Loose) } });
const place = (shape: object): Planted => ({ place: { input: z.object({ ...placeInput, ...shape } as Loose) } });
const deprecated = (removeAfter: string) => ({ since: "2026-01-01", removeAfter, use: "shop.orders" });

const breaks: readonly Row[] = [
  { name: "a field at the beginning that is gone", to: { get: { graphql: undefined } }, finds: ["graphql_field_removed Query.shopOrder"] },
  { name: "another name", to: { get: { graphql: "order" } }, finds: ["graphql_field_renamed Query.shopOrder"] },
  {
    name: "gone before its day",
    from: { get: { deprecated: deprecated("2026-12-20") } },
    to: { get: { graphql: undefined, deprecated: deprecated("2026-12-20") } },
    finds: ["graphql_field_removed Query.shopOrder"],
  },
  { name: "a field of a type that is gone", from: { order: { extra: z.boolean() } }, to: {}, finds: ["graphql_field_removed Order.extra"] },
  {
    name: "a field of a type with another name",
    from: { order: { sum: z.number() } },
    to: { order: { amount: z.number() } },
    finds: ["graphql_field_renamed Order.sum"],
  },
  { name: "a field that may be null now", to: { order: { total: z.int().nullable() } }, finds: ["graphql_field_nullable Order.total"] },
  { name: "a field that may be missing now", to: { order: { total: z.int().optional() } }, finds: ["graphql_field_nullable Order.total"] },
  {
    name: "items that may be null now",
    from: { order: { tags: z.array(z.string()) } },
    to: { order: { tags: z.array(z.string().nullable()) } },
    finds: ["graphql_field_nullable Order.tags"],
  },
  { name: "a field of another type", to: { order: { total: z.string() } }, finds: ["graphql_field_type_changed Order.total"] },
  {
    name: "one in the place of several",
    from: { order: { tags: z.array(z.string()) } },
    to: { order: { tags: z.string() } },
    finds: ["graphql_field_type_changed Order.tags"],
  },
  {
    name: "a whole number that needs more bits",
    from: { order: { total: z.int32() } },
    to: {},
    finds: ["graphql_field_type_changed Order.total"],
  },
  {
    name: "a type with another name",
    to: { ids: { order: "Purchase" } },
    finds: ["graphql_type_renamed Order", "graphql_type_renamed OrderState"],
  },
  { name: "an input with another name", to: { ids: { line: "Item" } }, finds: ["graphql_type_renamed LineInput"] },
  {
    name: "a value more of what is read",
    to: { order: { state: z.enum(["open", "paid", "lost"]) } },
    finds: ["graphql_value_added OrderState.lost"],
  },
  {
    name: "an argument that is gone",
    to: { get: { input: z.object({ id: z.uuid() }) } },
    finds: ["graphql_argument_removed Query.shopOrder.old"],
  },
  { name: "an argument that is new and required", to: get({ why: z.string() }), finds: ["graphql_argument_required Query.shopOrder.why"] },
  { name: "an argument that is required now", to: get({ old: z.boolean() }), finds: ["graphql_argument_required Query.shopOrder.old"] },
  { name: "an argument of another type", to: get({ id: z.string() }), finds: ["graphql_argument_type_changed Query.shopOrder.id"] },
  {
    name: "an argument with another name",
    to: { get: { input: z.object({ id: z.uuid(), past: z.boolean().optional() }) } },
    finds: ["graphql_argument_renamed Query.shopOrder.old"],
  },
  {
    name: "an argument with a smaller range",
    to: { line: { quantity: z.int().min(1).max(50) } },
    finds: ["graphql_argument_narrowed Mutation.shopPlace.lines[].quantity"],
  },
  {
    name: "a field of an input that is gone",
    from: { line: { color: z.int() } },
    to: {},
    finds: ["graphql_input_field_removed LineInput.color"],
  },
  {
    name: "a field of an input that is new and required",
    to: { line: { color: z.string() } },
    finds: ["graphql_input_field_required LineInput.color"],
  },
  {
    name: "a field of an input that is required now",
    to: { line: { gift: z.boolean() } },
    finds: ["graphql_input_field_required LineInput.gift"],
  },
  {
    name: "a value fewer of what is sent",
    to: place({ rush: z.enum(["no"]).optional() }),
    finds: ["graphql_value_removed ShopPlaceRushInput.yes"],
  },
  {
    name: "a member fewer of a union",
    from: { ways: [card, bank, z.object({ kind: z.literal("cash"), given: z.int() })] },
    to: {},
    finds: ["graphql_member_removed ShopPlaceOutputWay ShopPlaceOutputWayCash"],
  },
  {
    name: "a member more of a union",
    to: { ways: [card, bank, z.object({ kind: z.literal("cash"), given: z.int() })] },
    finds: ["graphql_member_added ShopPlaceOutputWay ShopPlaceOutputWayCash"],
  },
  { name: "a relation that is gone", to: { relation: "gone" }, finds: ["graphql_field_removed Order.customer"] },
  { name: "a relation that brings several", to: { relation: { many: true } }, finds: ["graphql_field_type_changed Order.customer"] },
  {
    name: "a field of what a relation brings",
    from: { customer: { email: z.email().nullable() } },
    to: {},
    finds: ["graphql_field_removed Customer.email"],
  },
  { name: "fewer roles", to: { get: { access: role("clerk") } }, finds: ["access_narrowed Query.shopOrder"] },
];

const harmless: readonly Row[] = [
  { name: "nothing", to: {}, finds: [] },
  {
    name: "a field at the beginning that is new",
    from: { get: { graphql: undefined } },
    to: {},
    finds: ["graphql_field_added Query.shopOrder"],
  },
  {
    name: "gone after its day",
    from: { get: { deprecated: deprecated("2026-11-20") } },
    to: { get: { graphql: undefined, deprecated: deprecated("2026-11-20") } },
    finds: ["graphql_field_retired Query.shopOrder"],
  },
  { name: "a field of a type that is new", to: { order: { color: z.string() } }, finds: ["graphql_field_added Order.color"] },
  { name: "a field that is always there now", to: { order: { note: z.string() } }, finds: ["graphql_field_not_null Order.note"] },
  {
    name: "items that are never null now",
    from: { order: { tags: z.array(z.string().nullable()) } },
    to: { order: { tags: z.array(z.string()) } },
    finds: ["graphql_field_not_null Order.tags"],
  },
  {
    name: "an argument that is new and optional",
    to: get({ why: z.string().optional() }),
    finds: ["graphql_argument_added Query.shopOrder.why"],
  },
  {
    name: "an argument that is new with a default",
    to: get({ page: z.int().default(1) }),
    finds: ["graphql_argument_added Query.shopOrder.page"],
  },
  {
    name: "an argument that is optional now",
    to: get({ id: z.uuid().optional() }),
    finds: ["graphql_argument_optional Query.shopOrder.id"],
  },
  {
    name: "an argument with a larger range",
    to: { line: { quantity: z.int().min(1).max(500) } },
    finds: ["graphql_argument_widened Mutation.shopPlace.lines[].quantity"],
  },
  {
    name: "a field of an input that is new and optional",
    to: { line: { color: z.string().optional() } },
    finds: ["graphql_input_field_added LineInput.color"],
  },
  {
    name: "a field of an input that is optional now",
    to: { line: { sku: z.string().optional() } },
    finds: ["graphql_input_field_optional LineInput.sku"],
  },
  {
    name: "a value more of what is sent",
    to: place({ rush: z.enum(["no", "yes", "soon"]).optional() }),
    finds: ["graphql_value_added ShopPlaceRushInput.soon"],
  },
  {
    name: "a value fewer of what is read",
    to: { order: { state: z.enum(["open"]) } },
    finds: ["graphql_value_removed OrderState.paid"],
  },
  { name: "values in another order", to: { order: { state: z.enum(["paid", "open"]) } }, finds: [] },
  { name: "fields in another order", to: { line: Object.fromEntries(Object.entries(line).toReversed()) }, finds: [] },
  { name: "a description", to: { order: { note: z.string().optional().describe("What the customer wrote.") } }, finds: [] },
  { name: "a relation that is new", from: { relation: "gone" }, to: {}, finds: ["graphql_field_added Order.customer"] },
  { name: "more roles", to: { get: { access: signedIn() } }, finds: ["access_widened Query.shopOrder"] },
  { name: "a longer deadline", to: { get: { budget: "2s" } }, finds: ["deadline_raised Query.shopOrder"] },
];

const compared = ({ from = {}, to }: Row) => compareContracts(described(from), described(to), { today: "2026-12-01" });

findsBreaks({ title: "a break of GraphQL is found once, with whom it breaks and what to do", rows: breaks, compared });
findsNoBreaks({ title: "a harmless change breaks no document", rows: harmless, compared });

it("each of these changes is of the part of GraphQL", () => {
  for (const { part } of breaks.flatMap(compared)) assert.equal(part, "graphql");
});

it("an app without GraphQL has no such part, and one that was kept without it is not compared", () => {
  assert.equal(describeContracts(buildRegistry([module("shop", { operations: [] })])).graphql, undefined);
  assert.deepEqual(compareContracts({ lockVersion: 1 }, described(), { today: "2026-12-01" }), []);
});
