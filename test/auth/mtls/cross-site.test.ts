import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, query, signedIn } from "plimsoll";
import { mtls } from "plimsoll/auth";
import { z } from "zod";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { type ServeSpec, serve } from "../../e2e/http/app.ts";
import { authority, secureWire, server } from "../../e2e/tls/secure.ts";
import { certificate } from "../../upstream/certificates.ts";

const Said = z.object({ text: z.string() });
const common = { input: z.object({}), access: signedIn(), budget: "5s" } as const;
const done = { output: Said, run: async () => ({ text: "done" }) } as const;
const operations = [
  action("t.cancel", { ...common, ...done, idempotent: "no", http: "POST /cancel" }),
  query("t.read", { ...common, ...done, http: "GET /read" }),
  action("t.chat", { ...common, idempotent: "no", stream: Said, receives: Said, http: "GET /chat", run: async function* () {} }),
];
const till = certificate({ name: "till-7", issuer: authority });
const clerk = { id: "till-7", kind: "service", roles: [], tenant: undefined, claims: {} } as const;
const opening = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

/** Sends one request with the certificate, and returns its status and the type of its problem. */
async function ask(route: string, headers: Readonly<Record<string, string>>, { http }: ServeSpec = {}) {
  const tls = { cert: server.cert, key: server.key, ca: authority.cert };
  const database = { open: () => new MemoryDatabase() };
  await using served = await serve(operations, { database, authentication: mtls({ actor: () => clerk }), http: { tls, ...http } });
  const wire = await secureWire(served.port, { cert: till.cert, key: till.key });
  const body = route.startsWith("POST") ? { "content-length": "0" } : {};
  const lines = Object.entries({ host: "shop.test", ...body, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status, json } = await wire.ask(`${route} HTTP/1.1\r\n${lines.join("")}\r\n`);
  wire.close();
  return [status, json?.type];
}

describe("a client certificate that a browser presents by itself", () => {
  const refused = [403, "urn:plimsoll:cross_site_request"];

  it("does not let a page of another origin write, or open a WebSocket", async () => {
    for (const origin of ["https://evil.test", "null", "http://shop.test"]) {
      assert.deepEqual(await ask("POST /cancel", { origin }), refused);
      assert.deepEqual(await ask("GET /chat", { origin, ...opening }), refused);
    }
  });

  it("counts for pages of its own origin, for programs, and for what only reads", async () => {
    assert.equal((await ask("POST /cancel", { origin: "https://shop.test" }))[0], 200);
    assert.equal((await ask("POST /cancel", {}))[0], 200);
    assert.equal((await ask("GET /read", { origin: "https://evil.test" }))[0], 200);
  });

  it("counts for pages that http({ cors }) lets act with it", async () => {
    const origin = "https://app.test";
    assert.equal((await ask("POST /cancel", { origin }, { http: { cors: { origins: [origin], credentials: true } } }))[0], 200);
    assert.deepEqual(await ask("POST /cancel", { origin }, { http: { cors: { origins: [origin] } } }), refused);
  });
});
