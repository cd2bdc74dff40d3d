// A deprecated operation says so in every reply and in the documents, and an app whose deprecation makes no sense does not start.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { action, createApp, fault, module, query } from "plimsoll";
import { http } from "plimsoll/http";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { openApiDocument } from "../../src/surface/openapi.ts";

const Gone = fault("gone", { code: "not_found", message: "Gone." });
const deprecated = { since: "2026-10-01", removeAfter: "2027-04-01", use: "shop.buy" } as const;
const shared = { access: "public", budget: "1s", idempotent: "natural" } as const;
const order = action("shop.order", {
  ...{
    input: z.object({ fails: z.boolean().optional() }),
    output: z.object({}),
    ...shared,
    deprecated,
    faults: [Gone],
    http: "POST /v1/orders",
  },
  run: async ({ fails }, { fail }) => (fails ? fail(Gone, {}) : {}),
});
const watch = query("shop.watch", {
  ...{ input: z.object({}), stream: z.object({ n: z.int() }), access: "public", budget: "1s", deprecated, http: "GET /v1/watch" },
  run: async function* () {
    yield { n: 1 };
  },
});
const buy = action("shop.buy", {
  ...{ input: z.object({}), output: z.object({}), ...shared, http: "POST /v2/orders" },
  run: async () => ({}),
});
const app = await testApp({ modules: [module("shop", { operations: [order, watch, buy] })], surfaces: [http({ port: 0 })] });
after(() => app.stop());
const url = String(app.app.urls.surfaces[0]);
const post = (body: object) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe("replies of a deprecated operation say since when, and when it may be gone", () => {
  const cases: readonly (readonly [string, string, RequestInit, number])[] = [
    ["a success", "/v1/orders", post({}), 204],
    ["a fault", "/v1/orders", post({ fails: true }), 404],
    ["a stream", "/v1/watch", {}, 200],
  ];
  for (const [name, path, init, status] of cases)
    it(name, async () => {
      const response = await fetch(`${url}${path}`, init);
      await response.text();
      const said = [response.status, response.headers.get("deprecation"), response.headers.get("sunset")];
      assert.deepEqual(said, [status, "@1790812800", "Fri, 02 Apr 2027 00:00:00 GMT"]);
    });
  it("through fetch of the app", async () => {
    const { headers } = await app.app.fetch(new Request(`${url}/v1/orders`, post({})));
    assert.equal(headers.get("deprecation"), "@1790812800");
  });
  it("and those of others do not", async () => {
    const { headers } = await fetch(`${url}/v2/orders`, post({}));
    assert.deepEqual([headers.get("deprecation"), headers.get("sunset")], [null, null]);
  });
});

it("the document says so", () => {
  const { options, registry } = runtimeOf(app.app);
  const service = { name: "shop", version: "1" };
  const document = openApiDocument({
    operations: [...registry.operations.values()],
    service,
    authenticator: undefined,
    tenancy: options.tenancy,
  });
  const paths = document.paths as Record<string, Record<string, { deprecated?: boolean; responses: Record<string, { headers: object }> }>>;
  const { deprecated: isDeprecated, responses } = paths["/v1/orders"]!.post!;
  assert.equal(isDeprecated, true);
  assert.ok("Sunset" in responses["204"]!.headers && "Deprecation" in responses["204"]!.headers);
  assert.equal(paths["/v2/orders"]!.post!.deprecated, undefined);
});

describe("an app does not start with", () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ["a day that there is not", { ...deprecated, since: "2026-02-30" }, /"2026-02-30" is not a day/],
    ["a removal before the deprecation", { ...deprecated, removeAfter: "2026-01-01" }, /removed on 2026-01-01, before it is deprecated/],
    ["another operation that there is not", { ...deprecated, use: "shop.gone" }, /no operation "shop.gone"/],
  ];
  for (const [name, wrong, message] of cases)
    it(name, () => {
      const spec = {
        input: z.object({}),
        output: z.object({}),
        ...shared,
        http: "POST /v1/orders",
        deprecated: wrong,
        run: async () => ({}),
      };
      const modules = [module("shop", { operations: [action("shop.order", spec as never), buy] })];
      assert.throws(() => createApp({ modules, surfaces: [http({ port: 0 })] }), message);
    });
});
