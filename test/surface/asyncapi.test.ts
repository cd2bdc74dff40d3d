import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { personal } from "../../src/core/schema/marks/personal.ts";
import { event } from "../../src/operation/events/event.ts";
import { subscription } from "../../src/operation/events/subscription.ts";
import { type Module, module } from "../../src/operation/module.ts";
import { command } from "../../src/operation/online/command.ts";
import { decider } from "../../src/operation/sourcing/decider.ts";
import { eventStream } from "../../src/operation/sourcing/event-stream.ts";
import { projection } from "../../src/operation/sourcing/projection.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { asyncApiDocument } from "../../src/surface/asyncapi.ts";
import { sampleModules } from "./sample-shop.ts";

// biome-ignore lint/suspicious/noExplicitAny: documents are read by path here, and a wrong path fails the test.
type Json = any;

const Money = z.object({ cents: z.int(), currency: z.string() }).meta({ id: "Money/of a ~ shop %41" });
interface Part {
  readonly name: string;
  readonly parts: readonly Part[];
}
const Part: z.ZodType<Part> = z.lazy(() => z.object({ name: z.string(), parts: z.array(Part) }));

const first = event("orders.placed", {
  summary: "As it was first",
  data: z.object({ id: z.string(), cents: z.int() }),
  key: ({ id }) => id,
});
const placed = event("orders.placed", {
  summary: "An order was placed",
  version: 3,
  data: z.object({ id: z.string(), total: Money, "a/b~c": z.string().default("") }),
  key: ({ id }) => id,
  upcast: { 2: (second: object) => second },
});
const built = event("orders.built.by-hand", { data: z.object({ id: z.string(), root: Part }), key: ({ id }) => id });
const moved = event("orders.moved", {
  data: z.object({ customer: z.string(), street: personal(z.string().nullable(), { erased: "" }) }),
  key: ({ customer }) => customer,
  subject: ({ customer }) => customer,
});
const counted = event("orders.counted", { data: z.object({ id: z.string(), n: z.int() }), key: ({ id }) => id });

const declared = { input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "1s" } as const;
const counts = eventStream("orders.count", {
  decider: decider({ events: [counted], initial: 0, decide: () => [], evolve: (n: number) => n }),
});
const orders = module("orders", {
  schema: "orders",
  events: [first, placed, built, moved, counted],
  streams: [counts],
  operations: [
    command("orders.place", { ...declared, summary: "Place", emits: [first, placed, moved], run: async () => ({}) }),
    command("orders.count", { ...declared, streams: [counts], run: async () => ({}) }),
  ],
  projections: [
    projection("orders.totals", {
      ...{ on: [placed], table: "orders.totals", row: z.object({ id: z.string() }), key: "id" },
      apply: (_row, { data: { id } }) => ({ id }),
    }),
  ],
});
const notices = module("notices", {
  operations: [subscription("notices.on-orders", { on: [first, placed, built], budget: "1s", run: async () => undefined })],
});

const service = { name: "shop", version: "1.2.0" };
const documentOf = (modules: readonly Module[]): Json => {
  const document = asyncApiDocument({ ...buildRegistry(modules), service });
  return document && JSON.parse(JSON.stringify(document));
};
const document = documentOf([orders, notices]);
const resolve = (reference: string): Json =>
  reference
    .slice(2)
    .split("/")
    .reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document);
function* walk(value: Json): Generator<Json> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  for (const inner of Object.values(value)) yield* walk(inner);
}

describe("the document of events", () => {
  test("is AsyncAPI 3, as its official schema says", () => {
    // The official schema has the meta-schema of draft 7 within it, so it must not be there twice.
    const ajv = new Ajv({ meta: false, validateSchema: false, strict: false, validateFormats: false, allErrors: true });
    const validate = ajv.compile(createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0.json"));
    assert.equal(validate(document), true, JSON.stringify(validate.errors?.slice(0, 5)));
    const broken = structuredClone(document);
    broken.operations["orders.place_sends_orders.placed"].action = "posts";
    assert.equal(validate(broken), false);
  });

  test("every reference leads somewhere, and the messages of an operation are those of its channel", () => {
    const references = [...walk(document)].map(({ $ref }) => $ref).filter((reference) => typeof reference === "string");
    assert.ok(references.length > 30, String(references.length));
    for (const reference of references) assert.notEqual(resolve(reference), undefined, reference);
    for (const { channel, messages } of Object.values(document.operations) as Json[])
      for (const { $ref } of messages) assert.ok($ref.startsWith(`${channel.$ref}/messages/`), $ref);
    for (const group of Object.values(document.components) as Json[])
      for (const name of Object.keys(group)) assert.match(name, /^[A-Za-z0-9._-]+$/);
  });

  test("has a channel for each event, and a message for each version", () => {
    const shown = Object.entries(document.channels).map(([name, { address, messages, title }]: Json) => [
      name,
      address,
      Object.keys(messages),
      title,
    ]);
    assert.deepEqual(shown, [
      ["orders.placed", "orders.placed", ["v1", "v3"], "An order was placed"],
      ["orders.built.by-hand", "orders.built.by-hand", ["v1"], undefined],
      ["orders.moved", "orders.moved", ["v1"], undefined],
      ["orders.counted", "orders.counted", ["v1"], undefined],
    ]);
    const { messages } = document.components;
    assert.deepEqual(
      [messages["orders.placed.v3"]["x-upcasts-versions"], messages["orders.placed.v1"]["x-upcasts-versions"]],
      [[2], undefined],
    );
  });

  test("says who sends and who receives each", () => {
    const flows = Object.values(document.operations).map(({ action, title, channel, messages, ...rest }: Json) =>
      [action, title, rest["x-kind"], channel.$ref.split("/").at(-1), messages.map(({ $ref }: Json) => $ref.split("/").at(-1)).join()].join(
        " ",
      ),
    );
    assert.deepEqual(flows, [
      "send orders.place command orders.placed v1,v3",
      "send orders.place command orders.moved v1",
      "send orders.count command orders.counted v1",
      "receive notices.on-orders subscription orders.placed v1,v3",
      "receive notices.on-orders subscription orders.built.by-hand v1",
      "receive orders.totals projection orders.placed v3",
    ]);
  });

  test("the schemas take what is stored, refuse what is not, and mark what is personal", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "https://example.com/events", components: document.components });
    const takes = (message: string, data: unknown) =>
      ajv.validate({ $ref: `https://example.com/events${document.components.messages[message].payload.$ref}` }, data);
    const total = { cents: 1, currency: "EUR" };
    assert.deepEqual(
      [
        takes("orders.placed.v3", { id: "a", total, "a/b~c": "" }),
        takes("orders.placed.v3", { id: "a", total: { cents: "1" }, "a/b~c": "" }),
        takes("orders.placed.v1", { id: "a", cents: 1 }),
        takes("orders.built.by-hand.v1", { id: "a", root: { name: "a", parts: [{ name: "b", parts: [] }] } }),
        takes("orders.built.by-hand.v1", { id: "a", root: { name: "a", parts: [{ name: 1, parts: [] }] } }),
      ],
      [true, false, true, true, false],
    );
    const { payload, ...message } = document.components.messages["orders.moved.v1"];
    assert.equal(message["x-has-personal-data"], true);
    assert.deepEqual(resolve(payload.$ref).properties.street["x-personal"], { erased: "" });
  });

  test("the same modules give the same bytes, and an app without events has none", () => {
    assert.equal(JSON.stringify(documentOf([orders, notices])), JSON.stringify(document));
    assert.equal(documentOf(sampleModules), undefined);
  });
});
