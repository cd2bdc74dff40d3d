import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { z } from "zod";
import { type App, createApp } from "../../src/app/app.ts";
import { http } from "../../src/http/http.ts";
import { module } from "../../src/operation/module.ts";
import { action } from "../../src/operation/online/action.ts";
import { resource } from "../../src/operation/resource.ts";
import type { TelemetrySink } from "../../src/operation/telemetry.ts";
import type { Database } from "../../src/operation/transaction.ts";
import { prometheus } from "../../src/telemetry/prometheus.ts";
import { gate } from "./http/app.ts";
import { ask, type WireResponse } from "./http/client.ts";

const making = gate();
const slowResource = resource("slow", { create: () => making.opened });
const ping = action("t.ping", {
  input: z.object({}),
  output: z.object({}),
  access: "public",
  budget: "5s",
  idempotent: "no",
  uses: { slow: slowResource },
  http: "POST /ping",
  run: async () => ({}),
});
const modules = [module("t", { operations: [ping] })];

function get(app: App, path: string, method = "GET"): Promise<WireResponse> {
  return ask(Number(new URL(app.urls.ops ?? "").port), `${method} ${path}`, { headers: { host: "localhost" } });
}

function databaseThat(answers: () => Promise<void>): { readonly open: () => Database } {
  const database = { name: "database", start: async () => {}, stop: async () => {}, ping: answers } as unknown as Database;
  return { open: () => database };
}

async function taken(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe("the ops port", () => {
  it("tells life, readiness and figures, each when it should", async () => {
    let up = true;
    const database = databaseThat(async () => {
      if (!up) throw new TypeError("connect ECONNREFUSED 10.0.0.7:5432");
    });
    const app = createApp({ modules, database, ops: { port: 0 }, telemetry: [prometheus()] });
    const started = app.start();
    while (app.urls.ops === undefined) await new Promise<void>((resolve) => void setImmediate(resolve));
    // The resource is still being made.
    assert.equal((await get(app, "/livez")).status, 200);
    const starting = await get(app, "/readyz");
    assert.deepEqual([starting.status, starting.body], [503, "not ready: the app is starting\n"]);
    making.open();
    await started;
    assert.deepEqual([(await get(app, "/readyz")).status, (await get(app, "/readyz")).body], [200, "ready\n"]);
    up = false;
    const down = await get(app, "/readyz");
    assert.deepEqual([down.status, down.body], [503, "not ready: the database does not respond\n"]);
    assert.equal((await get(app, "/livez")).status, 200, "a database that is away is no reason to be killed");
    up = true;
    assert.equal((await get(app, "/readyz")).status, 200);
    const metrics = await get(app, "/metrics");
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers["content-type"] ?? "", /^text\/plain/);
    assert.match(metrics.body, /plimsoll_in_flight\{operation="t\.ping"\} 0/);
    for (const [method, path, status] of [
      ["GET", "/", 404],
      ["GET", "/livez/", 404],
      ["GET", "/livez/x", 404],
      ["GET", "/LIVEZ", 404],
      ["GET", "/metrics.json", 404],
      ["GET", "/ping", 404],
      ["GET", "/../livez", 404],
      ["POST", "/nowhere", 404],
      ["GET", "/livez?verbose", 200],
      ["HEAD", "/livez", 200],
      ["HEAD", "/readyz", 200],
      ["HEAD", "/metrics", 200],
      ["POST", "/livez", 405],
      ["DELETE", "/metrics", 405],
    ] as const) {
      const response = await get(app, path, method);
      assert.equal(response.status, status, `${method} ${path}`);
      assert.equal(response.headers["cache-control"], "no-store");
      assert.equal(response.headers["x-powered-by"], undefined);
    }
    await app.stop();
  });

  it("says what to add where no sink exposes metrics", async () => {
    const app = createApp({ modules: [], ops: { port: 0 } });
    await app.start();
    const { status, body } = await get(app, "/metrics");
    assert.deepEqual([status, /prometheus\(\)/.test(body)], [404, true]);
    await app.stop();
  });

  it("answers 500 where a sink cannot be read, tells nothing of why, and lives on", async () => {
    const broken: TelemetrySink = {
      name: "broken",
      attach: () => {},
      stop: async () => {},
      expose: () => {
        throw new TypeError("internal detail");
      },
    };
    const app = createApp({ modules: [], ops: { port: 0 }, telemetry: [broken] });
    await app.start();
    const { status, body } = await get(app, "/metrics");
    assert.equal(status, 500);
    assert.doesNotMatch(body, /internal detail/);
    assert.equal((await get(app, "/livez")).status, 200);
    await app.stop();
  });

  for (const [what, spec] of [
    ["The ops port", (port: number) => ({ ops: { port } })],
    ["The HTTP port", (port: number) => ({ surfaces: [http({ port, host: "127.0.0.1" })] })],
  ] as const) {
    it(`says that ${what.toLowerCase()} is in use, and lets go of what was started`, async () => {
      const other = await taken();
      let disposed = 0;
      const held = resource("held", { create: () => 1, dispose: () => void disposed++ });
      const uses = action("t.uses", {
        access: "public",
        budget: "1s",
        idempotent: "no",
        input: z.object({}),
        output: z.object({}),
        http: "POST /uses",
        uses: { held },
        run: async () => ({}),
      });
      const app = createApp({ modules: [module("t", { operations: [uses] })], ...spec(other.port) });
      await assert.rejects(app.start(), (error: Error & { code?: string; type?: string }) => {
        assert.deepEqual([error.code, error.type], ["failed_precondition", "port_unavailable"]);
        assert.equal(error.message, `${what} ${other.port} is in use by another program. Stop it, or choose another port.`);
        return true;
      });
      assert.equal(disposed, "surfaces" in spec(0) ? 1 : 0);
      assert.equal(app.ready, false);
      await app.stop();
      other.close();
    });
  }

  it("says what is wrong with an address that is not ours", async () => {
    const app = createApp({ modules: [], ops: { port: 0, host: "192.0.2.1", token: randomBytes(32).toString("hex") } });
    await assert.rejects(app.start(), /192\.0\.2\.1 is not an address of this machine\. Choose 127\.0\.0\.1/);
    await app.stop();
  });
});
