import { role, signedIn } from "plimsoll";
import { z } from "zod";
import { asked, c, data, deprecated, input, item, output, q, type Row, rate, route, sent } from "./planted.ts";
import { numbers } from "./sample.ts";

/** Changes that callers and readers do not notice, each with all that is found of it. */
export const harmless: readonly Row[] = [
  { name: "nothing", to: {}, finds: [] },
  { name: "a new operation's name and the same route", to: { names: { query: "shop.find" } }, finds: ["operation_renamed shop.search"] },
  { name: "a new operation", from: { names: { command: "gone" } }, to: {}, finds: ["operation_added shop.order"] },
  {
    name: "gone after the day that was announced",
    from: { command: { deprecated: deprecated("2026-11-30") } },
    to: { names: { command: "gone" } },
    finds: ["operation_retired shop.order"],
  },
  { name: "a deprecation", to: { command: { deprecated: deprecated("2027-06-01") } }, finds: ["deprecated shop.order"] },
  {
    name: "a deprecation that is taken back",
    from: { command: { deprecated: deprecated("2027-06-01") } },
    to: {},
    finds: ["deprecation_withdrawn shop.order"],
  },
  {
    name: "a later day",
    from: { command: { deprecated: deprecated("2027-06-01") } },
    to: { command: { deprecated: deprecated("2027-07-01") } },
    finds: [],
  },
  { name: "an ETag", from: asked({ etag: undefined }), to: {}, finds: ["response_header_added shop.search"] },
  { name: "a Location", from: route({ location: undefined }), to: {}, finds: ["response_header_added shop.order"] },
  { name: "another form of the output", from: asked({ alternatives: [] }), to: {}, finds: ["alternative_added shop.search"] },
  { name: "another case of a header", to: route({ headers: { currency: "accept-currency" } }), finds: [] },
  { name: "public", to: { query: { access: "public" } }, finds: ["access_widened shop.search"] },
  { name: "a role more", to: { query: { access: role("customer", "clerk", "administrator") } }, finds: ["access_widened shop.search"] },
  { name: "roles in another order", to: { query: { access: role("clerk", "customer") } }, finds: ["access_widened shop.search"] },
  { name: "every caller who has signed in", to: { query: { access: signedIn() } }, finds: ["access_widened shop.search"] },
  {
    name: "a command that may run twice now",
    from: { command: { idempotent: "no" } },
    to: { command: { idempotent: "natural" } },
    finds: ["idempotency_gained shop.order"],
  },
  { name: "a key that is not needed any more", to: { command: { idempotent: "natural" } }, finds: ["key_unneeded shop.order"] },
  { name: "a longer deadline", to: { command: { budget: { deadline: "3s" } } }, finds: ["deadline_raised shop.order"] },
  { name: "another concurrency and queue", to: { command: { budget: { deadline: "2s", concurrency: 4, queue: 8 } } }, finds: [] },
  { name: "a higher rate", to: { query: { budget: rate(20) } }, finds: ["rate_raised shop.search search"] },
  { name: "a rate that is gone", to: { query: { budget: "1s" } }, finds: ["rate_raised shop.search search"] },
  {
    name: "a new fault",
    to: { command: { faults: { ...c.faults, late: { code: "failed_precondition", message: "" } } } },
    finds: ["fault_added shop.order fault late"],
  },
  {
    name: "another message of a fault",
    to: { command: { faults: { ...c.faults, closed: { ...c.faults.closed, message: "It is closed." } } } },
    finds: [],
  },
  {
    name: "details with a field more",
    to: {
      command: {
        faults: {
          ...c.faults,
          out_of_stock: { ...c.faults.out_of_stock, details: z.object({ left: z.int(), since: z.string(), by: z.string() }) },
        },
      },
    },
    finds: ["fault_details_field_added shop.order fault out_of_stock details.by"],
  },
  {
    name: "faults in another order",
    to: { command: { faults: { closed: c.faults.closed, out_of_stock: c.faults.out_of_stock } } },
    finds: [],
  },
  {
    name: "an input field that is new and optional",
    to: input({ color: z.string().optional() }),
    finds: ["input_field_added shop.search input.color"],
  },
  {
    name: "an input field that is new with a default",
    to: input({ page: z.int().default(1) }),
    finds: ["input_field_added shop.search input.page"],
  },
  {
    name: "an input field that becomes optional",
    to: sent({ quantity: z.int().min(1).optional() }),
    finds: ["input_widened shop.order input.quantity"],
  },
  {
    name: "an input that may be longer",
    to: input({ text: z.string().max(200).optional() }),
    finds: ["input_widened shop.search input.text"],
  },
  {
    name: "an input with a larger range",
    to: input({ limit: z.int().min(0).max(200).default(20) }),
    finds: ["input_widened shop.search input.limit", "input_widened shop.search input.limit"],
  },
  {
    name: "an input with a value more",
    to: input({ kind: z.enum(["book", "film", "game"]).optional() }),
    finds: ["input_widened shop.search input.kind"],
  },
  {
    name: "an input that may be null",
    to: input({ text: z.string().max(100).nullable().optional() }),
    finds: ["input_widened shop.search input.text"],
  },
  {
    name: "an input with an alternative more",
    to: sent({ size: z.union([z.string(), z.int(), z.boolean()]) }),
    finds: ["input_widened shop.order input.size"],
  },
  { name: "whole numbers become any", to: sent({ quantity: z.number().min(1) }), finds: ["input_widened shop.order input.quantity"] },
  { name: "alternatives in another order", to: sent({ size: z.union([z.int(), z.string()]) }), finds: [] },
  {
    name: "fields in another order",
    to: { query: { output: z.object(Object.fromEntries(Object.entries(q.output.shape).toReversed())) } },
    finds: [],
  },
  { name: "values in another order", to: input({ kind: z.enum(["film", "book"]).optional() }), finds: [] },
  { name: "a description", to: input({ text: z.string().max(100).optional().describe("What to look for.") }), finds: [] },
  { name: "a schema that has a name", to: output({ next: z.string().nullable().meta({ id: "Cursor" }) }), finds: [] },
  { name: "an output field that is new", to: item({ color: z.string() }), finds: ["output_field_added shop.search output.items[].color"] },
  { name: "an output field that is always there now", to: output({ note: z.string() }), finds: [] },
  { name: "an output that is never null now", to: output({ next: z.string() }), finds: ["output_narrowed shop.search output.next"] },
  {
    name: "an output with a value fewer",
    to: item({ state: z.enum(["open"]) }),
    finds: ["output_narrowed shop.search output.items[].state"],
  },
  {
    name: "an output that is a whole number now",
    to: item({ price: z.int() }),
    finds: ["output_narrowed shop.search output.items[].price"],
  },
  { name: "a new event", from: { event: "gone" }, to: {}, finds: ["event_added shop.ordered@1"] },
  {
    name: "a version that reads the earlier one",
    to: { event: { version: 2, upcast: { 1: (old: unknown) => old } } },
    finds: ["event_version_upcast shop.ordered@1", "event_added shop.ordered@2"],
  },
  { name: "a field more in an event", to: data({ note: z.string().optional() }), finds: ["event_field_added shop.ordered@1.note"] },
  {
    name: "a value fewer in an event",
    from: data({ state: z.enum(["paid", "free"]) }),
    to: {},
    finds: ["event_narrowed shop.ordered@1.state"],
  },
  {
    name: "a new field of gRPC",
    to: { grpc: { "shop.Order": { numbers: { id: 1, total: 2, note: 4 }, reserved: [3] } } },
    finds: ["grpc_field_added shop.Order.note"],
  },
  { name: "a field of gRPC whose number is reserved", to: { grpc: { "shop.Order": { numbers: { id: 1 }, reserved: [2, 3] } } }, finds: [] },
  {
    name: "another message of gRPC",
    to: { grpc: { ...numbers, "shop.Line": { numbers: { id: 1 } } } },
    finds: ["grpc_message_added shop.Line"],
  },
];
