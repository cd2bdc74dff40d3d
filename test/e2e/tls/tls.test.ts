import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { z } from "zod";
import type { HttpTls } from "../../../src/http/tls/tls-options.ts";
import { action } from "../../../src/operation/online/action.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { certificate } from "../../upstream/certificates.ts";
import { gate, type ServeSpec, serve } from "../http/app.ts";
import { requestText } from "../http/client.ts";
import { authority, secure, secureWire, server } from "./secure.ts";

const echo = action("t.echo", {
  ...{ input: z.object({ text: z.string() }), output: z.object({ text: z.string() }), access: "public", idempotent: "no" },
  ...{ budget: "5s", http: "POST /echo" },
  run: async ({ text }) => ({ text }),
});
const pair = { cert: server.cert, key: server.key } as const;
const open = (tls: HttpTls, spec: ServeSpec = {}) => serve([echo], { ...spec, http: { tls, ...spec.http } });
const said = (text: string) => requestText("POST", "/echo", { body: { text } });

describe("a port over TLS", () => {
  it("serves requests, and its address says https", async () => {
    await using served = await open(pair);
    assert.match(served.app.urls.surfaces[0] ?? "", /^https:/);
    const wire = await secureWire(served.port);
    for (const text of ["one", "two"]) assert.deepEqual((await wire.ask(said(text).toString())).json, { text });
    wire.close();
  });

  it("takes pipelined requests, long bodies and long responses, and closes gently after its last response", async () => {
    await using served = await open(pair);
    const wire = await secureWire(served.port);
    const long = "x".repeat(9_000);
    wire
      .send(said("one"))
      .send(said(long))
      .send(requestText("POST", "/echo", { body: { text: "last" }, headers: { connection: "close" } }));
    assert.equal((await wire.next())?.json.text, "one");
    assert.equal((await wire.next())?.json.text, long);
    assert.equal((await wire.next())?.json.text, "last");
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  it("refuses what is no HTTP, and what is malformed, as without TLS", async () => {
    await using served = await open(pair);
    const wire = await secureWire(served.port);
    assert.equal((await wire.ask("GET / HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n")).status, 400);
    assert.equal(await wire.ended, "end");
    wire.close();
  });

  for (const [version, isTaken] of [
    ["TLSv1.1", false],
    ["TLSv1.2", true],
    ["TLSv1.3", true],
  ] as const)
    it(`${isTaken ? "takes" : "refuses"} ${version}`, async () => {
      await using served = await open(pair);
      const made = secure(served.port, { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" });
      if (!isTaken) return void (await assert.rejects(made));
      const socket = await made;
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    });

  it("refuses TLS 1.2 where 1.3 is demanded", async () => {
    await using served = await open({ ...pair, minVersion: "TLSv1.3" });
    await assert.rejects(secure(served.port, { maxVersion: "TLSv1.2" }));
  });

  it("does no second handshake on a connection", async () => {
    await using served = await open(pair);
    const socket = await secure(served.port, { maxVersion: "TLSv1.2" });
    const refused = new Promise<Error>((resolve, reject) => {
      socket.once("error", resolve);
      socket.once("data", () => reject(new assert.AssertionError({ message: "the server went on" })));
    });
    socket.renegotiate({ rejectUnauthorized: false }, () => undefined);
    socket.write(said("after it"));
    assert.match((await refused).message, /no renegotiation/);
    socket.on("error", () => undefined);
    socket.destroy();
  });

  it("offers HTTP/1.1 alone", async () => {
    await using served = await open(pair);
    const socket = await secure(served.port, { ALPNProtocols: ["http/1.1"] });
    assert.equal(socket.alpnProtocol, "http/1.1");
    socket.destroy();
    await assert.rejects(secure(served.port, { ALPNProtocols: ["h2"] }));
  });

  it("closes a client that speaks no TLS, or nothing at all", async () => {
    await using served = await open(pair, { http: { limits: { handshakeMs: 200 } } });
    for (const bytes of ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", ""]) {
      const socket = connect(served.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(bytes);
      socket.resume();
      await once(socket, "close");
    }
    const line = served.app.loadLines.find("TLS handshakes")!;
    while (line.now() !== 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    assert.ok(line.admitted >= 2);
  });

  it("refuses handshakes above the limit of an address, counts them, and takes others when one is done", async (t) => {
    await using served = await open(pair, { http: { limits: { handshakesPerAddress: 2 } } });
    const line = served.app.loadLines.find("TLS handshakes per address")!;
    const begun = await Promise.all([idle(t, served.port), idle(t, served.port)]);
    await assert.rejects(secure(served.port));
    assert.equal(line.refusals.find(({ reason }) => reason === "full")?.refused, 1);
    const elsewhere = await secure(served.port, {}, "127.0.0.2");
    elsewhere.destroy();
    served.app.loadLines.setMode(line.name, "measure", "a test");
    (await secure(served.port)).destroy();
    assert.equal(line.refusals.find(({ reason }) => reason === "full")?.measured, 1);
    served.app.loadLines.setMode(line.name, "enforce", "a test");
    const lines = served.app.loadLines;
    begun[0]?.destroy();
    while (lines.find("TLS handshakes")!.now()! > 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    (await secure(served.port)).destroy();
  });

  it("finishes what runs when it stops, and cuts handshakes that have begun", async (t) => {
    const running = gate();
    const finish = gate();
    const slow = action("t.slow", {
      ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "5s", http: "POST /slow" },
      run: async () => {
        running.open();
        await finish.opened;
        return {};
      },
    });
    const served = await serve([slow], { http: { tls: pair } });
    const wire = await secureWire(served.port);
    const begun = await idle(t, served.port);
    wire.send(requestText("POST", "/slow", { body: {} }));
    await running.opened;
    const stopped = served.app.stop();
    finish.open();
    assert.equal((await wire.next())?.status, 204);
    await stopped;
    if (!begun.destroyed) await once(begun, "close");
    wire.close();
  });
});

describe("a certificate of a port", () => {
  it("is replaced without a restart when its files change, and stays if the new one cannot be used", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-tls-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const write = (made: { readonly cert: string; readonly key: string }) => {
      writeFileSync(cert, made.cert);
      writeFileSync(key, made.key);
    };
    write(server);
    const clock = new TestClock({ now: Date.now() });
    await using served = await open({ cert, key }, { clock });
    const shown = async () => {
      const socket = await secure(served.port);
      const { fingerprint256 } = socket.getPeerX509Certificate()!;
      socket.destroy();
      return fingerprint256;
    };
    const kept = await secureWire(served.port);
    const first = await shown();
    const logged = () => served.app.signals.logged.next(({ operation }) => operation === "plimsoll.http");
    // One half alone is of no use.
    const next = certificate({ name: "shop.test", issuer: authority, of: ["shop.test"] });
    writeFileSync(cert, next.cert);
    const [warned] = await Promise.all([logged(), clock.advanceAsync(10_000)]);
    assert.equal(warned.level, "warn");
    assert.match(String(warned.fields?.error), /key is not the key of cert/);
    assert.equal(await shown(), first);
    writeFileSync(key, next.key);
    const [replaced] = await Promise.all([logged(), clock.advanceAsync(10_000)]);
    assert.equal(replaced.level, "info");
    assert.notEqual(await shown(), first);
    assert.deepEqual((await kept.ask(said("still here").toString())).json, { text: "still here" });
    kept.close();
  });

  const other = certificate({ name: "other", issuer: authority });
  const refused: readonly (readonly [what: string, tls: HttpTls, says: RegExp])[] = [
    ["the key of another", { cert: server.cert, key: other.key }, /key is not the key of cert/],
    ["a key that is no PEM", { cert: server.cert, key: "-----BEGIN NOTHING" }, /key cannot be read.*private key in PEM/],
    ["no PEM", { cert: "-----BEGIN NOTHING", key: server.key }, /cert has no certificate/],
    ["no file", { cert: "/nowhere/cert.pem", key: server.key }, /cert cannot be read.*ENOENT.*path of a file/],
    ["an authority that is no certificate", { ...pair, ca: server.key }, /ca has no certificate/],
    [
      "a time that is over",
      certificate({ name: "a", issuer: authority, from: new Date("2020-01-01"), until: new Date("2021-01-01") }),
      /expired at Jan.*Renew it/,
    ],
    [
      "a time to come",
      certificate({ name: "a", issuer: authority, from: new Date("2045-01-01"), until: new Date("2046-01-01") }),
      /not valid before Jan.*clock/,
    ],
  ];
  for (const [what, { cert, key, ca }, says] of refused)
    it(`with ${what} keeps the app from starting`, async () => {
      await assert.rejects(open({ cert, key, ...(ca && { ca }) }), { type: "tls_invalid", message: says });
    });
});

/** Connects and sends nothing. */
async function idle(t: TestContext, port: number) {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
