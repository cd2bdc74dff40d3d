// From a PRD to a service that runs: what `plimsoll design` and `plimsoll api` write passes the compiler, its own tests and the checker, and serves.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { Module } from "plimsoll";
import { testDatabase } from "plimsoll/testing";
import { recordFolder } from "../../src/generate/database/explain/statements.ts";
import { recordVariable } from "../../src/testing/statement-record.ts";
import { runCommand } from "../cli/run-command.ts";
import { Project, root } from "./project.ts";

const prd = `# Orders

## Data model

- **Order**: customer_id, total, note, status
- **Order Item**: order_id, sku, quantity

## API

- POST /orders
- GET /orders
- GET /orders/{id}
- POST /orders/{id}/items
- POST /orders/{id}/cancel
- POST /webhooks/orders

## Background jobs

- When an order is cancelled, send its customer a mail.
- Every night at 03:00, delete order items older than 90 days.

Several tenants share it. At peak 50 requests per second, p99 latency 400 ms, 99.9% availability per month.
`;

const project = new Project(prd);
after(() => project.stop());

it("a PRD becomes a service that compiles, passes its tests and the checker, starts and serves", { timeout: 120_000 }, async () => {
  await project.verb("design --assume");
  await project.verb("api");
  await project.node(join(root, "node_modules/typescript/bin/tsc"), "--customConditions", "source");
  process.env[recordVariable] = join(project.folder, recordFolder);
  const said = await project.node(
    "--test",
    "--test-isolation=none",
    "test/orders.test.ts",
    "test/orders.rules.test.ts",
    "test/orders.properties.test.ts",
    "test/orders.work.test.ts",
    "test/service.test.ts",
    "test/chaos.test.ts",
    "test/security.test.ts",
    "test/load.test.ts",
  );
  assert.match(said, /pass \d{2}/);
  delete process.env[recordVariable];
  await project.verb("check");
  await explains();
  const { url, token } = await project.start();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": "one" };
  const made = await fetch(`${url}/orders`, { method: "POST", headers, body: '{"totalCents":1250}' });
  assert.equal(made.status, 201);
  const order = (await made.json()) as { readonly id: string; readonly status: string };
  assert.equal(order.status, "created");
  const read = await fetch(`${url}${made.headers.get("location")}`, { headers });
  assert.deepEqual(await read.json(), order);
});

/** Each statement that the tests ran has an index. */
async function explains(): Promise<void> {
  const { modules } = (await import(pathToFileURL(join(project.folder, "src/modules.ts")).href)) as { readonly modules: readonly Module[] };
  await using database = await testDatabase({ modules });
  const { code, out, err } = await runCommand(["db", "explain"], { folder: project.folder, env: { DATABASE_URL: database.url } });
  assert.equal(code, 0, `${out}${err}`);
  assert.match(out, /src\/orders\/operations\/list-orders\.ts:\d+: Limit/);
}
