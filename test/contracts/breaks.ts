import { rateLimit, role } from "plimsoll";
import { z } from "zod";
import { asked, c, data, deprecated, e, input, item, omit, output, q, type Row, rate, route, sent } from "./planted.ts";

/** Changes that break callers or readers, each with all that is found of it. */
export const breaks: readonly Row[] = [
  { name: "an operation is gone", to: { names: { command: "gone" } }, finds: ["operation_removed shop.order"] },
  {
    name: "it is gone before the day that was announced",
    from: { command: { deprecated: deprecated("2026-12-01") } },
    to: { names: { command: "gone" } },
    finds: ["operation_removed shop.order"],
  },
  {
    name: "its day comes earlier",
    from: { command: { deprecated: deprecated("2027-06-01") } },
    to: { command: { deprecated: deprecated("2027-01-01") } },
    finds: ["sunset_earlier shop.order"],
  },
  { name: "another path", to: asked({ route: "GET /v2/things" }), finds: ["path_changed shop.search"] },
  { name: "another method", to: route({ route: "PUT /v1/things/{thingId}/orders" }), finds: ["method_changed shop.order"] },
  { name: "another status", to: route({ status: 200 }), finds: ["status_changed shop.order"] },
  {
    name: "a form in place of JSON",
    from: route({}),
    to: { command: { http: { ...c.http, body: "form" }, input: c.input } },
    finds: ["body_changed shop.order"],
  },
  { name: "an ETag that is gone", to: asked({ etag: undefined }), finds: ["response_header_removed shop.search"] },
  { name: "a Location that is gone", to: route({ location: undefined }), finds: ["response_header_removed shop.order"] },
  { name: "a form of the output that is gone", to: asked({ alternatives: [] }), finds: ["alternative_removed shop.search"] },
  {
    name: "a file in place of JSON",
    to: asked({ alternatives: undefined, file: { type: "text/plain", text: () => "" } }),
    finds: ["file_changed shop.search", "alternative_removed shop.search"],
  },
  {
    name: "a field in another header",
    to: route({ headers: { currency: "X-Currency" } }),
    finds: ["request_place_changed shop.order currency"],
  },
  {
    name: "a field that moves from a header into the body",
    to: route({ headers: {} }),
    finds: ["request_place_changed shop.order currency"],
  },
  {
    name: "an output in another header",
    to: route({ responseHeaders: { total: "X-Sum" } }),
    finds: ["response_place_changed shop.order total"],
  },
  {
    name: "an output that moves from a header into the body",
    to: route({ responseHeaders: {} }),
    finds: ["response_place_changed shop.order total"],
  },
  {
    name: "an If-Match that is needed",
    to: { command: { input: c.input.extend({ version: z.int() }), http: { ...c.http, ifMatch: "version" } } },
    finds: ["request_place_changed shop.order version", "input_field_required shop.order input.version"],
  },
  { name: "public no more", from: { query: { access: "public" } }, to: {}, finds: ["access_narrowed shop.search"] },
  { name: "a role fewer", to: { query: { access: role("customer") } }, finds: ["access_narrowed shop.search"] },
  { name: "another role", to: { query: { access: role("administrator") } }, finds: ["access_narrowed shop.search"] },
  { name: "a key that is needed", from: { command: { idempotent: "natural" } }, to: {}, finds: ["key_required shop.order"] },
  { name: "a key that is not kept any more", to: { command: { idempotent: "no" } }, finds: ["idempotency_lost shop.order"] },
  {
    name: "a command that may not run twice any more",
    from: { command: { idempotent: "natural" } },
    to: { command: { idempotent: "no" } },
    finds: ["idempotency_lost shop.order"],
  },
  { name: "a shorter deadline", to: { command: { budget: { deadline: "500ms" } } }, finds: ["deadline_tightened shop.order"] },
  { name: "a lower rate", to: { query: { budget: rate(5) } }, finds: ["rate_tightened shop.search search"] },
  {
    name: "a rate where there was none",
    to: { command: { budget: { deadline: "2s", rate: rateLimit({ per: "actor", limit: 5, period: "1m", name: "orders" }) } } },
    finds: ["rate_tightened shop.order orders"],
  },
  {
    name: "a fault that is gone",
    to: { command: { faults: { closed: c.faults.closed } } },
    finds: ["fault_removed shop.order fault out_of_stock"],
  },
  {
    name: "a fault with another code",
    to: { command: { faults: { ...c.faults, closed: { code: "not_found", message: "" } } } },
    finds: ["fault_code_changed shop.order fault closed"],
  },
  {
    name: "a fault with another status",
    to: { command: { faults: { ...c.faults, closed: { ...c.faults.closed, status: 409 } } } },
    finds: ["fault_code_changed shop.order fault closed"],
  },
  {
    name: "details that lose a field",
    to: { command: { faults: { ...c.faults, out_of_stock: { ...c.faults.out_of_stock, details: z.object({ left: z.int() }) } } } },
    finds: ["fault_details_field_removed shop.order fault out_of_stock details.since"],
  },
  {
    name: "an input field that is gone",
    to: { query: { input: omit(q.input, "kind") } },
    finds: ["input_field_removed shop.search input.kind"],
  },
  {
    name: "an input field with another name",
    to: { query: { input: omit(q.input, "text").extend({ words: q.input.shape.text }) } },
    finds: ["input_field_renamed shop.search input.text"],
  },
  {
    name: "an input field that is new and required",
    to: sent({ reason: z.string() }),
    finds: ["input_field_required shop.order input.reason"],
  },
  {
    name: "an input field that becomes required",
    to: input({ text: z.string().max(100) }),
    finds: ["input_field_required shop.search input.text"],
  },
  {
    name: "a required field within a field",
    to: sent({ rest: z.object({ gift: z.boolean(), card: z.string() }) }),
    finds: ["input_field_required shop.order input.rest.card"],
  },
  {
    name: "an input that is shorter",
    to: input({ text: z.string().max(50).optional() }),
    finds: ["input_narrowed shop.search input.text"],
  },
  {
    name: "an input with a smaller range",
    to: input({ limit: z.int().min(1).max(50).default(20) }),
    finds: ["input_narrowed shop.search input.limit"],
  },
  {
    name: "an input list that is shorter",
    to: input({ ids: z.array(z.string()).max(10).optional() }),
    finds: ["input_narrowed shop.search input.ids"],
  },
  {
    name: "an input with fewer values",
    to: input({ kind: z.enum(["book"]).optional() }),
    finds: ["input_narrowed shop.search input.kind"],
  },
  {
    name: "an input with a format",
    to: sent({ currency: z.string().regex(/^[A-Z]{3}$/) }),
    finds: ["input_narrowed shop.order input.currency"],
  },
  {
    name: "items with a format",
    to: input({ ids: z.array(z.uuid()).max(50).optional() }),
    finds: ["input_narrowed shop.search input.ids[]"],
  },
  { name: "an input of another type", to: sent({ quantity: z.string() }), finds: ["input_narrowed shop.order input.quantity"] },
  { name: "an input with an alternative fewer", to: sent({ size: z.string() }), finds: ["input_narrowed shop.order input.size"] },
  {
    name: "fields that are not known are refused",
    to: { query: { input: z.strictObject(q.input.shape) } },
    finds: ["input_narrowed shop.search input"],
  },
  {
    name: "an output field that is gone",
    to: { query: { output: omit(q.output, "note") } },
    finds: ["output_field_removed shop.search output.note"],
  },
  {
    name: "an output field of an item that is gone",
    to: output({ items: z.array(omit(q.output.shape.items.element, "price")) }),
    finds: ["output_field_removed shop.search output.items[].price"],
  },
  {
    name: "an output field with another name",
    to: output({ items: z.array(omit(q.output.shape.items.element, "title").extend({ name: z.string() })) }),
    finds: ["output_field_renamed shop.search output.items[].title"],
  },
  {
    name: "an output field that may be missing",
    to: item({ title: z.string().optional() }),
    finds: ["output_field_optional shop.search output.items[].title"],
  },
  {
    name: "an output field that may be null",
    to: item({ title: z.string().nullable() }),
    finds: ["output_widened shop.search output.items[].title"],
  },
  {
    name: "an output with a value more",
    to: item({ state: z.enum(["open", "closed", "lost"]) }),
    finds: ["output_widened shop.search output.items[].state"],
  },
  { name: "an output of another type", to: item({ price: z.string() }), finds: ["output_widened shop.search output.items[].price"] },
  { name: "an output without its format", to: item({ id: z.string() }), finds: ["output_widened shop.search output.items[].id"] },
  {
    name: "a parameter of the path with another name",
    to: {
      command: { input: omit(c.input, "thingId").extend({ id: z.uuid() }), http: { ...c.http, route: "POST /v1/things/{id}/orders" } },
    },
    finds: ["input_field_renamed shop.order input.thingId"],
  },
  { name: "an event that is gone", to: { event: "gone" }, finds: ["event_removed shop.ordered@1"] },
  { name: "a version that no other one reads", to: { event: { version: 2 } }, finds: ["event_version_removed shop.ordered@1"] },
  {
    name: "a field of an event that is gone",
    to: { event: { data: omit(e.data, "total") } },
    finds: ["event_field_removed shop.ordered@1.total"],
  },
  {
    name: "a field of an event that may be missing",
    to: data({ total: z.int().optional() }),
    finds: ["event_field_optional shop.ordered@1.total"],
  },
  { name: "a value more in an event", to: data({ state: z.enum(["paid", "free"]) }), finds: ["event_widened shop.ordered@1.state"] },
  { name: "an event with another key", to: { event: { key: ({ state }) => state } }, finds: ["event_key_changed shop.ordered@1"] },
  {
    name: "a number of gRPC that changes",
    to: { grpc: { "shop.Order": { numbers: { id: 1, total: 4 }, reserved: [2, 3] } } },
    finds: ["grpc_number_changed shop.Order.total"],
  },
  {
    name: "a number that another field takes",
    to: { grpc: { "shop.Order": { numbers: { id: 1, sum: 2 }, reserved: [3] } } },
    finds: ["grpc_number_reused shop.Order.sum"],
  },
  {
    name: "a reserved number that a field takes",
    to: { grpc: { "shop.Order": { numbers: { id: 1, total: 2, note: 3 } } } },
    finds: ["grpc_number_reused shop.Order.note"],
  },
  {
    name: "a number that is not reserved",
    to: { grpc: { "shop.Order": { numbers: { id: 1 }, reserved: [3] } } },
    finds: ["grpc_number_released shop.Order.total"],
  },
];
