import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createApp } from "../../../src/app/app.ts";
import { http } from "../../../src/http/http.ts";
import { module } from "../../../src/operation/module.ts";
import { server } from "../tls/secure.ts";
import { H2Client } from "./client.ts";
import { database, operations } from "./operations.ts";

interface Files {
  readonly cert: string;
  readonly key: string;
}

const secured = ({ cert, key }: Files, port: number) =>
  http({
    port,
    tls: { cert, key, http2: true },
    limits: { streamsPerConnection: 50, connectionAgeMs: 600_000 },
  });

test("the port of the guide speaks HTTP/2", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-h2-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  writeFileSync(files.cert, server.cert);
  writeFileSync(files.key, server.key);
  const app = createApp({ modules: [module("t", { operations })], surfaces: [secured(files, 0)], database, shutdown: "1s" });
  await app.start();
  t.after(() => app.stop());
  await using client = await H2Client.open(Number(new URL(app.urls.surfaces[0] ?? "").port));
  assert.equal((await client.ask("POST", "/echo", { body: { text: "hello" } })).status, 200);
  assert.equal(client.session.remoteSettings.maxConcurrentStreams, 50);
});
