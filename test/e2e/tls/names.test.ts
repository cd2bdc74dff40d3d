import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { limits } from "../../../src/core/limits.ts";
import type { Reading } from "../../../src/core/metrics.ts";
import type { HttpTls } from "../../../src/http/tls/tls-options.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { certificate } from "../../upstream/certificates.ts";
import { serve } from "../http/app.ts";
import { authority, secure, server } from "./secure.ts";

const made = (name: string) => {
  const { cert, key } = certificate({ name, issuer: authority, of: [name] });
  return { cert, key };
};
const names = { "one.test": made("one.test"), "*.shops.test": made("*.shops.test") };
const tls: HttpTls = { cert: server.cert, key: server.key, names };

/** Of whom the certificate is that a client gets; `refused` where it can ask for nothing. */
function shown(port: number, servername: string, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", servername, ca: authority.cert, checkServerIdentity: () => undefined, ...options });
    for (const end of ["error", "end", "close"]) socket.on(end, () => resolve("refused"));
    socket.once("secureConnect", () => socket.write("GET /none HTTP/1.1\r\nhost: a\r\n\r\n"));
    socket.once("data", () => {
      resolve(String(socket.getPeerX509Certificate()?.subject));
      socket.destroy();
    });
  });
}

describe("a server with several names", () => {
  const asked = [
    ["one.test", "CN=one.test"],
    ["ONE.test", "CN=one.test"],
    ["a.shops.test", "CN=*.shops.test"],
    ["a.b.shops.test", "CN=shop.test"],
    ["shops.test", "CN=shop.test"],
    ["other.test", "CN=shop.test"],
    ["", "CN=shop.test"],
  ] as const;
  it("shows the certificate of the name that a client asks for, and its own to others", async () => {
    await using served = await serve([], { http: { tls } });
    for (const [name, subject] of asked) assert.equal(await shown(served.port, name), subject, name);
  });

  it("shows when each of its certificates ends, while it listens", async () => {
    const served = await serve([], { http: { tls } });
    const ends = (): readonly Reading[] => {
      const metric = [...served.app.metrics.all()].find(({ name }) => name === "plimsoll_certificate_expiry_timestamp_seconds");
      assert.ok(metric?.type === "gauge");
      return [...metric.all()];
    };
    const validTo = (cert: string) => new X509Certificate(cert).validToDate.getTime() / 1_000;
    const expected = Object.entries({ default: server, ...names }).map(([name, { cert }]) => ({ labels: [name], value: validTo(cert) }));
    assert.deepEqual(ends(), expected);
    await served.app.stop();
    assert.deepEqual(ends(), []);
  });

  it("with HTTP/2 and with TLS 1.2 too", async () => {
    await using served = await serve([], { http: { tls: { ...tls, http2: true } } });
    assert.equal(await shown(served.port, "one.test", { maxVersion: "TLSv1.2" }), "CN=one.test");
    const socket = await secure(served.port, { servername: "one.test", ALPNProtocols: ["h2"] });
    assert.deepEqual([socket.alpnProtocol, socket.getPeerX509Certificate()?.subject], ["h2", "CN=one.test"]);
    socket.destroy();
  });

  it("refuses other names, and clients that ask for none, where unknownNames is refuse", async () => {
    await using served = await serve([], { http: { tls: { ...tls, unknownNames: "refuse" } } });
    assert.equal(await shown(served.port, "one.test"), "CN=one.test");
    assert.equal(await shown(served.port, "other.test"), "refused");
    assert.equal(await shown(served.port, ""), "refused");
  });

  it("asks for client certificates of the same authorities under each name", async () => {
    const require = { ca: authority.cert, clientCertificates: "require" } as const;
    await using served = await serve([], { http: { tls: { ...tls, ...require } } });
    const own = certificate({ name: "client", issuer: authority });
    const stranger = certificate({ name: "stranger" });
    const as = ({ cert, key }: typeof own) => shown(served.port, "one.test", { cert, key });
    assert.equal(await as(own), "CN=one.test");
    assert.equal(await as(stranger), "refused");
  });

  it("replaces the certificate of a name without a restart, and keeps it where the new one is for another name", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-tls-names-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const write = (pair: { readonly cert: string; readonly key: string }) => {
      writeFileSync(cert, pair.cert);
      writeFileSync(key, pair.key);
    };
    write(names["one.test"]);
    const clock = new TestClock({ now: Date.now() });
    await using served = await serve([], { http: { tls: { ...tls, names: { "one.test": { cert, key } } } }, clock });
    const fingerprint = async () => {
      const socket = await secure(served.port, { servername: "one.test" });
      const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
      socket.destroy();
      return fingerprint256;
    };
    const logged = () => served.app.signals.logged.next(({ operation }) => operation === "plimsoll.http");
    const first = await fingerprint();
    write(made("other.test"));
    const [warned] = await Promise.all([logged(), clock.advanceAsync(10_000)]);
    assert.deepEqual([warned.level, warned.fields?.name], ["warn", "one.test"]);
    assert.match(String(warned.fields?.error), /is not for one\.test/);
    assert.equal(await fingerprint(), first);
    write(made("one.test"));
    const [replaced] = await Promise.all([logged(), clock.advanceAsync(10_000)]);
    assert.deepEqual([replaced.level, replaced.fields?.name], ["info", "one.test"]);
    assert.notEqual(await fingerprint(), first);
  });

  const many = Object.fromEntries(Array.from({ length: limits.serverNames + 1 }, (_, n) => [`n${n}.test`, names["one.test"]]));
  for (const [what, of, problem] of [
    ["a certificate for another", { "two.test": names["one.test"] }, /two\.test.*is not for two\.test/],
    ["the key of another", { "one.test": { ...names["one.test"], key: server.key } }, /one\.test.*key is not the key of cert/],
    ["one that is none", { "one test": names["one.test"] }, /"one test", which is no host name/],
    ["too many", many, /There are 101 names/],
  ] as const)
    it(`does not start with names of which there is ${what}`, () =>
      assert.rejects(serve([], { http: { tls: { ...tls, names: of } } }), { type: "tls_invalid", message: problem }));
});
