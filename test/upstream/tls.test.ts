// TLS and mutual TLS: who is trusted, and what the message says where they do not agree.
import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import type { TLSSocket, TlsOptions } from "node:tls";
import { systemClock } from "../../src/core/clock.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { breaker } from "../../src/resilience/policies/breaker/breaker.ts";
import { compose } from "../../src/resilience/policies/compose.ts";
import { retry } from "../../src/resilience/policies/retry/retry.ts";
import type { Resolve } from "../../src/upstream/connection/lookup.ts";
import type { UpstreamTls } from "../../src/upstream/connection/tls.ts";
import { httpClient } from "../../src/upstream/http-client.ts";
import { certificate } from "./certificates.ts";
import { faultOf, open, serve } from "./open-upstream.ts";

const get = { method: "GET", path: "/", output: "text" } as const;
const name = "prices.test";
const authority = certificate({ name: "Test authority", isAuthority: true });
const stranger = certificate({ name: "Another authority", isAuthority: true });
const past = { from: new Date("2020-01-01"), until: new Date("2021-01-01") };
const future = { from: new Date("2045-01-01"), until: new Date("2046-01-01") };
const good = certificate({ name, issuer: authority, of: [name, "127.0.0.1"] });
const own = certificate({ name: "shop", issuer: authority });
const resolve: Resolve = (_, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]);

interface Secured {
  readonly port: number;
  /** Requests that reached the handler. */
  requests: number;
  readonly servernames: (string | false | null | undefined)[];
  readonly protocols: (string | false | null)[];
}

/** Serves HTTP over TLS until the test ends. */
async function secured(t: TestContext, options: TlsOptions, create: (options: TlsOptions) => Server = createServer): Promise<Secured> {
  const seen: Secured = { port: 0, requests: 0, servernames: [], protocols: [] };
  const server = create({ cert: good.cert, key: good.key, ...options });
  server.on("request", (request, response) => {
    seen.requests++;
    const peer = (request.socket as TLSSocket).getPeerCertificate?.() as { readonly subject?: { readonly CN: string } } | undefined;
    response.end(`hello ${peer?.subject?.CN ?? "stranger"}`);
  });
  server.on("secureConnection", (socket: TLSSocket & { readonly servername?: string }) => {
    seen.servernames.push(socket.servername);
    seen.protocols.push(socket.alpnProtocol);
    socket.on("error", () => undefined);
    open.add(socket);
  });
  const open = new Set<TLSSocket>();
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return Object.assign(seen, { port: (server.address() as AddressInfo).port });
}

const opened = (t: TestContext, { port }: { readonly port: number }, { host = name, ...tls }: UpstreamTls & { readonly host?: string }) =>
  open(t, `https://${host}:${port}`, { timeout: "5s", resolve, tls });

describe("an upstream over TLS", () => {
  it("is trusted by the authority that is given, asked for by its name, and reached at the vetted address", async (t) => {
    const upstream = await secured(t, {});
    const { client } = opened(t, upstream, { ca: authority.cert });
    assert.equal((await client.request(get)).body, "hello stranger");
    assert.deepEqual(upstream.servernames, [name]);
  });

  it("is asked for by no name where the base URL has an address, and proves the address", async (t) => {
    const upstream = await secured(t, {});
    const { client } = opened(t, upstream, { ca: authority.cert, host: "127.0.0.1" });
    assert.equal((await client.request(get)).status, 200);
    assert.deepEqual(upstream.servernames, [false]);
  });

  it("proves the name of `servername` where that is given", async (t) => {
    const upstream = await secured(t, {});
    const { client } = opened(t, upstream, { ca: authority.cert, servername: name, host: "other.test" });
    assert.equal((await client.request(get)).status, 200);
    assert.deepEqual(upstream.servernames, [name]);
  });

  it("speaks HTTP/1.1, also where it offers HTTP/2", async (t) => {
    const upstream = await secured(t, {}, (options) => createSecureServer({ ...options, allowHTTP1: true }) as unknown as Server);
    const { client } = opened(t, upstream, { ca: authority.cert });
    assert.equal((await client.request(get)).status, 200);
    assert.deepEqual(upstream.protocols, ["http/1.1"]);
  });

  const refused: readonly (readonly [what: string, serves: TlsOptions, tls: UpstreamTls, says: RegExp])[] = [
    [
      "an authority that is not trusted",
      {},
      { ca: stranger.cert },
      /issued by no authority that this process trusts.*must give httpClient the authority as tls\.ca/,
    ],
    ["an authority that the system does not know", {}, {}, /must give httpClient the authority as tls\.ca/],
    ["itself", certificate({ name, of: [name] }), { ca: authority.cert }, /must give httpClient the authority as tls\.ca/],
    [
      "another name",
      certificate({ name, issuer: authority, of: ["stock.test"] }),
      { ca: authority.cert },
      /for another name.*tls\.servername/,
    ],
    [
      "a time that is over",
      certificate({ name, issuer: authority, of: [name], ...past }),
      { ca: authority.cert },
      /has expired.*must renew it/,
    ],
    [
      "a time to come",
      certificate({ name, issuer: authority, of: [name], ...future }),
      { ca: authority.cert },
      /not valid yet.*compare the clocks/,
    ],
    [
      "what may sign nothing",
      certificate({ name, issuer: own, of: [name] }),
      { ca: own.cert },
      /certificate of prices (?:is not accepted|was issued by no authority)/,
    ],
  ];
  for (const [what, serves, tls, says] of refused)
    it(`whose certificate is by or for ${what} is sent nothing, and the fault says what to do`, async (t) => {
      const upstream = await secured(t, {
        cert: (serves as { cert?: string }).cert ?? good.cert,
        key: (serves as { key?: string }).key ?? good.key,
      });
      const { client } = opened(t, upstream, tls);
      const fault = await faultOf(client.request(get));
      assert.deepEqual([fault.type, fault.code, fault.status], ["upstream_certificate_refused", "failed_precondition", 502]);
      assert.match(fault.message, says);
      assert.match(fault.message, /nothing was sent/);
      assert.equal(upstream.requests, 0);
    });

  it("is verified whatever an option or the environment says", async (t) => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    t.after(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    });
    const upstream = await secured(t, {});
    const tls = { rejectUnauthorized: false, checkServerIdentity: () => undefined } as UpstreamTls;
    const { client } = opened(t, upstream, tls);
    assert.equal((await faultOf(client.request(get))).type, "upstream_certificate_refused");
  });

  it("is not asked again, and does not open the breaker: no attempt cures a certificate", async (t) => {
    const upstream = await secured(t, {});
    const policy = compose(retry({ attempts: 3 }), breaker({ consecutive: 1 }));
    const { client, value } = open(t, `https://${name}:${upstream.port}`, { timeout: "5s", resolve, tls: { ca: stranger.cert }, policy });
    for (let i = 0; i < 2; i++) assert.equal((await faultOf(client.request(get))).type, "upstream_certificate_refused");
    assert.equal(value("plimsoll_upstream_attempts_total", "upstream_certificate_refused"), 2);
  });

  it("that speaks no TLS, no version in common, or HTTP/2 alone is said to", async (t) => {
    const plain = await serve(t, (_, response) => response.end());
    const old = await secured(t, { maxVersion: "TLSv1.2" });
    const h2 = await secured(t, {}, (options) => createSecureServer({ ...options, allowHTTP1: false }) as unknown as Server);
    for (const [upstream, tls, says] of [
      [plain, {}, /does not speak TLS at this port.*http or another port in baseUrl/],
      [old, { minVersion: "TLSv1.3" }, /no version of TLS in common.*tls\.minVersion/],
      [h2, {}, /does not offer HTTP\/1\.1/],
    ] as const) {
      const { client } = opened(t, upstream, { ca: authority.cert, ...tls });
      const fault = await faultOf(client.request(get));
      assert.deepEqual([fault.type, fault.code, fault.status], ["upstream_handshake_failed", "failed_precondition", 502]);
      assert.match(fault.message, says);
    }
  });
});

describe("mutual TLS", () => {
  const asks = { ca: authority.cert, requestCert: true, rejectUnauthorized: true } as const;
  const mine = { ca: authority.cert, cert: own.cert, key: own.key } as const;

  it("the upstream knows this process by its certificate", async (t) => {
    const upstream = await secured(t, asks);
    const { client } = opened(t, upstream, mine);
    assert.equal((await client.request(get)).body, "hello shop");
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const)
    it(`without a certificate nothing is carried out, and the fault says what to do (${maxVersion})`, async (t) => {
      const upstream = await secured(t, { ...asks, maxVersion });
      const { client } = opened(t, upstream, { ca: authority.cert });
      const fault = await faultOf(client.request(get));
      assert.deepEqual([fault.type, fault.code, fault.status], ["upstream_handshake_failed", "failed_precondition", 502]);
      assert.match(fault.message, /Nothing was carried out\..*tls\.cert and tls\.key/);
      assert.equal(upstream.requests, 0);
    });

  it("a certificate that the upstream does not trust carries nothing out", async (t) => {
    const upstream = await secured(t, asks);
    const theirs = certificate({ name: "shop", issuer: stranger });
    const { client } = opened(t, upstream, { ...mine, cert: theirs.cert, key: theirs.key });
    await faultOf(client.request(get));
    assert.equal(upstream.requests, 0);
  });
});

describe("certificates and keys", () => {
  const made =
    (tls: UpstreamTls, baseUrl = `https://${name}`) =>
    () =>
      httpClient("prices", { baseUrl, timeout: "1s", tls }).spec!.create({ clock: systemClock, metrics: new Metrics() });

  for (const [what, tls, says, baseUrl] of [
    ["a key of another certificate", { cert: own.cert, key: good.key }, /the key is that of cert/],
    ["a certificate without its key", { cert: own.cert }, /one of cert and key without the other/],
    ["a key without its certificate", { key: own.key }, /one of cert and key without the other/],
    ["what is no PEM", { cert: "certificate", key: "key" }, /are PEM/],
    ["an authority that is no PEM", { ca: "/etc/ssl/ca.pem" }, /are PEM/],
    ["http", { ca: authority.cert }, /baseUrl begins with http\. Write https/, "http://prices.test"],
  ] as const)
    it(`${what} keeps the app from starting`, () => {
      assert.throws(made(tls, baseUrl), { type: "upstream_options_invalid", message: says });
    });
});
