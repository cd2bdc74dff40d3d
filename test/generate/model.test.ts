import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { readField } from "../../src/generate/model/fields.ts";
import { past, plural, singular } from "../../src/generate/model/names.ts";
import { versions } from "../../src/generate/writing/project.ts";
import { designOf, modelOf } from "./designs.ts";

const documents = [
  ["marketplace", "en"],
  ["payments", "zh"],
  ["telemetry", "en"],
  ["clinic", "en"],
] as const;

describe("the model of a design", () => {
  for (const [name, language] of documents) {
    const prd = readFileSync(new URL(`./prds/${name}.md`, import.meta.url), "utf8");
    const model = modelOf(prd, language);

    it(`${name}: each stated operation is one of the code, or is listed with its reason`, () => {
      const made = model.modules.flatMap(({ operations, hooks }) => [...operations, ...hooks].map(({ from }) => from));
      for (const { name: stated, source } of designOf(prd, language).operations) {
        const place = `PRD.md:${source.line}`;
        const isLeft = model.leftOut.some((one) => one.name === stated && one.place === place);
        assert.equal(made.includes(`${place} ${stated}`), !isLeft, `${place} ${stated}`);
      }
    });

    it(`${name}: the same document gives the same model`, () => assert.deepEqual(modelOf(prd, language), model));
  }

  it("reads routes with and without versions, with any form of parameter, below others, and with verbs", () => {
    const routes = (prd: string): readonly string[] =>
      modelOf(prd).modules.flatMap(({ name, operations }) =>
        operations.flatMap((one) => (one.route ? [`${name}.${one.name} ${one.route.method} ${one.route.path}`] : [])),
      );
    const prd = "# A\n\n## Data model\n- **Order**: total\n- **Order Item**: order_id, sku\n\n## API\n";
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ["GET /api/v2/orders/:id", ["orders.get-order GET /api/v2/orders/{orderId}"]],
      ["POST /orders/{order_id}/items", ["orders.create-order-item POST /orders/{orderId}/items"]],
      ["GET /orders/:id/items/:itemId", ["orders.get-order-item GET /orders/{orderId}/items/{orderItemId}"]],
      ["POST /orders/:id/approve", ["orders.approve-order POST /orders/{orderId}/approve"]],
      ["DELETE /orders/{id}", ["orders.remove-order DELETE /orders/{orderId}"]],
      ["POST /orders/{id}/comments", ["orders.create-order-comment POST /orders/{orderId}/comments"]],
      ["GET /coupons?active=1", ["coupons.list-coupons GET /coupons"]],
      ["POST /auth/login", []],
      ["GET /health", []],
    ];
    for (const [route, expected] of cases) assert.deepEqual(routes(`${prd}- \`${route}\`\n`), expected, route);
  });
});

describe("roles of stories", () => {
  const stated = (stories: string) => {
    const prd = `# A\n\n## Roles\n- **Vendor**: sells\n- **Customer**: buys\n- **Administrator**: keeps order\n\n## Data model\n- **Product**: name\n\n## API\n- POST /products\n- GET /products\n\n## User stories\n${stories}`;
    return modelOf(prd).modules.flatMap(({ operations }) => operations.map(({ name, roles }) => `${name}: ${roles.join(" ")}`));
  };
  it("admit the role, and those who look after all; a route without a story is for all who signed in", () =>
    assert.deepEqual(stated("- As a vendor, I want to create a product.\n"), ["create-product: vendor administrator", "list-products: "]));
  it("of two roles admit both", () =>
    assert.deepEqual(
      stated("- As a vendor, I want to create a product.\n- As a customer, I want to create a product so that it is shown.\n")[0],
      "create-product: vendor administrator customer",
    ));
  it("of an unknown role bind no caller", () =>
    assert.deepEqual(stated("- As a wizard of old, I want to create a product.\n")[0]?.includes("vendor"), false));
});

describe("fields", () => {
  const kinds: readonly (readonly [string, string])[] = [
    ["price", "money"],
    ["total_amount", "money"],
    ["stock", "count"],
    ["rating", "count"],
    ["temperature", "real"],
    ["is_active", "flag"],
    ["measured_at", "moment"],
    ["birthday", "day"],
    ["contact_email", "email"],
    ["website", "url"],
    ["description", "long-text"],
    ["tags", "list"],
    ["metadata", "object"],
    ["product_id", "reference"],
    ["sku", "text"],
  ];
  for (const [name, form] of kinds)
    it(`${name} is ${form}`, () => {
      const read = readField(name);
      assert.equal(typeof read === "object" && read.form, form);
    });

  const others: readonly (readonly [string, string])[] = [
    ["password", "secret"],
    ["card_number", "secret"],
    ["created_at", "system"],
    ["user_id", "owner"],
    ["status", "status"],
  ];
  for (const [name, expected] of others) it(`${name} is no column of its own`, () => assert.equal(readField(name), expected));

  it("a word of SQL gets another name", () => assert.equal((readField("order") as { column: string }).column, "order_value"));
});

describe("names", () => {
  for (const [one, many] of [
    ["category", "categories"],
    ["address", "addresses"],
    ["order_item", "order_items"],
    ["person", "people"],
    ["box", "boxes"],
  ] as const)
    it(`${one}, ${many}`, () => assert.deepEqual([plural(one), singular(many), singular(one)], [many, one, one]));

  for (const [verb, done] of [
    ["pay", "paid"],
    ["cancel", "cancelled"],
    ["approve", "approved"],
    ["deny", "denied"],
    ["reject", "rejected"],
  ] as const)
    it(`${verb} leads to ${done}`, () => assert.equal(past(verb), done));
});

it("a project begins with the versions that Plimsoll is tested with", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  for (const [name, version] of Object.entries(versions)) assert.equal(version, dependencies[name] ?? devDependencies[name], name);
});
