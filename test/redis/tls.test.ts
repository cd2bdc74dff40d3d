// A Redis of its own that speaks TLS alone, and what a store says of a way that is not secure.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { redisLeases } from "../../src/redis/rates.ts";
import { type RedisTls, securedBy } from "../../src/redis/tls.ts";
import type { LeaseStore } from "../../src/resilience/leases/lease-store.ts";
import { freePort } from "../free-port.ts";
import { type Certificate, certificate } from "../upstream/certificates.ts";
import { isInstalled } from "./installed.ts";

const authority = certificate({ name: "Test authority", isAuthority: true });
const stranger = certificate({ name: "Another authority", isAuthority: true });
const ofRedis = certificate({ name: "redis.test", issuer: authority, of: ["localhost", "127.0.0.1"] });

/** A folder for certificates. */
function folder(t: TestContext): (name: string, text: string) => string {
  const made = mkdtempSync(join(tmpdir(), "plimsoll-redis-tls-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return (name, text) => {
    writeFileSync(join(made, name), text);
    return join(made, name);
  };
}

interface ServerSpec {
  readonly port: number;
  readonly own?: Certificate;
  /** Whose client certificates it wants. *Default*: it wants none. */
  readonly clientsOf?: Certificate;
}

/** Starts a Redis that speaks TLS at that port. */
async function start(t: TestContext, { port, own = ofRedis, clientsOf }: ServerSpec): Promise<() => Promise<void>> {
  const file = folder(t);
  const ca = file("ca.pem", (clientsOf ?? authority).cert);
  const [cert, key] = [file("redis.pem", own.cert), file("redis.key", own.key)];
  const child: ChildProcess = spawn(
    "redis-server",
    [
      ...["--bind", "127.0.0.1", "--port", "0", "--tls-port", String(port), "--save", "", "--appendonly", "no"],
      ...["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca],
      ...["--tls-auth-clients", clientsOf === undefined ? "no" : "yes"],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  t.after(stop);
  assert(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) if (line.includes("Ready to accept connections")) return stop;
  return assert.fail("redis-server ended before it was ready");
}

async function open(t: TestContext, url: string, tls?: RedisTls): Promise<LeaseStore> {
  const store = redisLeases({ url, prefix: "tls", ...(tls && { tls }) }).open({
    ...{ app: "a", clock: systemClock, answerWithinMs: 50, report: () => undefined },
  });
  t.after(() => store.service?.stop());
  await store.service?.start();
  return store;
}

const outcome = (store: LeaseStore) =>
  store.exchange("a", []).then(
    () => "connected",
    ({ message }: Error) => message,
  );

describe("a Redis behind TLS", { skip: isInstalled() ? false : "no redis-server" }, () => {
  it("is reached where its authority is named, as a file or as text", async (t) => {
    const port = await freePort();
    await start(t, { port });
    for (const ca of [folder(t)("ca.pem", authority.cert), authority.cert])
      assert.equal(await outcome(await open(t, `rediss://127.0.0.1:${port}`, { ca })), "connected");
  });

  it("that is not trusted is refused, and the message says what to do", async (t) => {
    const [port, other] = [await freePort(), await freePort()];
    await start(t, { port });
    await start(t, { port: other, own: certificate({ name: "redis.test", issuer: authority, of: ["redis.test"] }) });
    for (const [url, tls] of [
      [`rediss://127.0.0.1:${port}`, { ca: stranger.cert }],
      [`rediss://127.0.0.1:${port}`, undefined],
      [`rediss://127.0.0.1:${other}`, { ca: authority.cert }],
    ] as const)
      assert.match(await outcome(await open(t, url, tls)), /no connection to Redis: .*does not trust the certificate.*tls\.ca/, url);
  });

  it("that wants a certificate knows this process by its own, which can be replaced without a restart", async (t) => {
    const port = await freePort();
    const file = folder(t);
    const become = (issuer: Certificate): RedisTls => {
      const own = certificate({ name: "shop", issuer });
      return { ca: authority.cert, cert: file("own.pem", own.cert), key: file("own.key", own.key) };
    };
    const stop = await start(t, { port, clientsOf: authority });
    const store = await open(t, `rediss://127.0.0.1:${port}`, become(authority));
    assert.equal(await outcome(store), "connected");
    await stop();
    // From now on the server admits only clients of the other authority.
    await start(t, { port, clientsOf: stranger });
    become(stranger);
    while ((await outcome(store)) !== "connected") await pause(20);
  });

  it("that refuses this process says so", async (t) => {
    const port = await freePort();
    await start(t, { port, clientsOf: authority });
    assert.match(await outcome(await open(t, `rediss://127.0.0.1:${port}`, { ca: authority.cert })), /no connection to Redis/);
  });
});

describe("the address of a Redis", () => {
  for (const url of ["redis://cache:6379", "redis://u:secret@10.0.0.7/0", "redis://localhost.evil.test", "redis://127.0.0.1.evil.test"])
    it(`is refused where nothing would be encrypted: ${url}`, () =>
      assert.throws(
        () => securedBy(url),
        ({ type, message }) => {
          assert.equal(type, "redis_not_encrypted");
          assert.match(message, /Write rediss:.*\?tls=disable/);
          assert.doesNotMatch(message, /secret/);
          return true;
        },
      ));

  for (const url of [
    "redis://127.0.0.1:6379",
    "redis://localhost",
    "redis://[::1]:6379/1",
    "redis://cache:6379?tls=disable",
    "unix:///run/redis.sock",
  ])
    it(`may be without TLS: ${url}`, () => assert.equal(securedBy(url), undefined));

  const own = certificate({ name: "shop", issuer: authority });
  for (const [what, url, tls, problem] of [
    ["one of cert and key", "rediss://cache", { cert: own.cert }, /one of cert and key/],
    ["a file that is not there", "rediss://cache", { ca: "/nowhere/ca.pem" }, /cannot read ca: ENOENT/],
    ["what is no certificate", "rediss://cache", { ca: "-----BEGIN NOTHING-----" }, /cannot be used/],
    ["the key of another", "rediss://cache", { cert: own.cert, key: ofRedis.key }, /cannot be used.*the key is that of cert/],
    ["an address without TLS", "redis://127.0.0.1", { ca: authority.cert }, /does not begin with rediss:/],
  ] as const)
    it(`with ${what} is refused`, () => assert.throws(() => securedBy(url, tls), { type: "redis_tls_invalid", message: problem }));
});
