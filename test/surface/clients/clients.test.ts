import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { password } from "../../../examples/shop/seed.ts";
import type { App } from "../../../src/app/app.ts";
import { openTestShop, type TestShop } from "../../e2e/shop/open-shop.ts";
import { everyFeature } from "./every-feature.ts";

// What the usual tools make of a document: a linter, a generator of types, a client. They ask no network.

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const modules = here("../../../node_modules");
const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape; the assertions say what is expected of it.
type Json = any;

interface Tried {
  readonly document: Json;
  readonly path: string;
}

let folder: string;
let shop: TestShop;
let every: App;
const documents = new Map<string, Tried>();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-clients-"));
  symlinkSync(modules, join(folder, "node_modules"));
  shop = await openTestShop();
  every = everyFeature();
  await every.start();
  for (const [name, app] of Object.entries({ shop: shop.app, every })) {
    const text = await (await fetch(`${app.urls.surfaces[0]}/openapi.json`)).text();
    const path = join(folder, `${name}.json`);
    writeFileSync(path, text);
    documents.set(name, { document: JSON.parse(text), path });
  }
});
after(async () => {
  await every?.stop();
  await shop?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
const tried = (name: string) => documents.get(name) ?? assert.fail(name);

const lint = (path: string) =>
  run(process.execPath, [join(modules, "@redocly/cli/bin/cli.js"), "lint", path, "--config", here("redocly.yaml"), "--format", "json"], {
    env,
  }).then(
    ({ stdout }) => JSON.parse(stdout).problems,
    ({ stdout, stderr }) => (stdout === "" ? assert.fail(stderr) : JSON.parse(stdout).problems),
  );

/** Compiles files of the folder, and returns what the compiler says. */
const compile = (...files: readonly string[]) =>
  run(
    process.execPath,
    [
      ...[join(modules, "typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "esnext"],
      ...["--allowImportingTsExtensions", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--types", "node"],
      ...files.map((file) => join(folder, file)),
    ],
    { cwd: folder },
  ).then(
    ({ stdout }) => stdout,
    ({ stdout }) => String(stdout),
  );

for (const name of ["shop", "every"])
  describe(`the OpenAPI document of ${name}`, () => {
    it("is what the linter of Redocly recommends", async () => {
      const problems: Json[] = await lint(tried(name).path);
      const said = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location?.[0]?.pointer}`);
      assert.deepEqual(said, []);
    });

    it("has examples that fit their schemas", () => {
      const { document } = tried(name);
      const [ajv, at] = [new Ajv2020({ strict: false, validateFormats: false }), "https://plimsoll.test/openapi"];
      ajv.addSchema({ $id: at, components: document.components });
      let found = 0;
      const visit = (node: Json, pointer: string): void => {
        if (typeof node !== "object" || node === null) return;
        for (const [example, schema] of [
          [node.example, node.schema],
          [node["x-item-example"], node["x-item-schema"]],
        ])
          if (example !== undefined && schema !== undefined) {
            found++;
            const fits = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${at}#/`)));
            assert.ok(fits(example), `${pointer}: ${ajv.errorsText(fits.errors)}`);
          }
        for (const [key, inner] of Object.entries(node)) if (key !== "example") visit(inner, `${pointer}/${key}`);
      };
      visit(document.paths, "");
      assert.ok(name === "shop" || found >= 5, `${found} examples`);
    });

    it("becomes types that compile", async () => {
      await run(process.execPath, [here("generate.ts"), tried(name).path, join(folder, `${name}.ts`)]);
      assert.equal(await compile(`${name}.ts`), "");
    });
  });

describe("a client of generated types", () => {
  const client = `import createClient from "openapi-fetch";
import type { paths } from "./shop.ts";

export async function use(baseUrl: string, password: string) {
  const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl });
  const refused = await client.GET("/v1/products", { params: { query: {} } });
  const type: string | undefined = refused.error?.type;
  const signedIn = await client.POST("/v1/sessions", { body: { tenant: "acme", email: "ben@acme.example", password } });
  if (signedIn.data === undefined) throw new Error("no session");
  const headers = { authorization: \`Bearer \${signedIn.data.token}\` };
  const { data } = await client.GET("/v1/products", { params: { query: { limit: 2 } }, headers });
  const names: string[] | undefined = data?.items.map(({ name }) => name);
  const first = data?.items[0];
  if (first === undefined) throw new Error("no product");
  const placed = await client.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { lines: [{ productId: first.id, quantity: 1 }] },
    headers,
  });
  return { type, names, total: placed.data?.totalCents, status: placed.response.status };
}
`;

  it("calls the shop", async () => {
    writeFileSync(join(folder, "client.ts"), client);
    assert.equal(await compile("client.ts"), "");
    const { use } = await import(pathToFileURL(join(folder, "client.ts")).href);
    const { type, names, total, status } = await use(`${shop.app.urls.surfaces[0]}`, password);
    assert.equal(type, "urn:plimsoll:token_missing");
    assert.equal(names.length, 2);
    assert.equal(status, 201);
    assert.ok(total > 0);
  });

  it("does not compile with a field of another type or name, and without one that must be", async () => {
    writeFileSync(join(folder, "wrong.ts"), client.replace("quantity: 1", 'quantity: "1"').replace("({ name })", "({ title })"));
    const said = await compile("wrong.ts");
    assert.match(said, /Type 'string' is not assignable to type 'number'/);
    assert.match(said, /'title' does not exist/);
    writeFileSync(join(folder, "lacking.ts"), client.replace(", quantity: 1", ""));
    assert.match(await compile("lacking.ts"), /Property 'quantity' is missing/);
  });
});
