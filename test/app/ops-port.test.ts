// What others can do to the ops port, which has no authentication: pages in browsers, and connections that are kept open.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { type App, createApp } from "plimsoll";
import { prometheus } from "plimsoll/telemetry";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { task } from "../../src/operation/durable/task.ts";
import { module } from "../../src/operation/module.ts";
import { Wire, type WireResponse } from "../e2e/http/client.ts";

const letter = task("post.letter", { input: z.object({}), queue: "mail", budget: "1s", run: async () => {} });
const modules = [module("post", { operations: [letter] })];
const names = ["ops.internal", "*.shop.svc"];
const connections = 64;

describe("the ops port", () => {
  let database: TestDatabase;
  let app: App;
  let port: number;
  before(async () => {
    database = await testDatabase({ modules });
    app = createApp({ modules, database, roles: ["serve"], ops: { port: 0, hosts: names }, telemetry: [prometheus()] });
    await app.start();
    port = Number(new URL(app.urls.ops ?? "").port);
  });
  after(async () => {
    await app?.stop();
    await database?.drop();
  });

  /** Sends the request as it stands; undefined where the connection ended without a reply. */
  const send = async (line: string, headers: readonly string[] = [`Host: 127.0.0.1:${port}`]): Promise<WireResponse | undefined> => {
    const wire = await Wire.open(port);
    try {
      return await wire
        .send(`${line} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`)
        .next({ head: line.startsWith("HEAD") });
    } finally {
      wire.close();
    }
  };
  const paused = async () => {
    const reply = await send("GET /tasks");
    return JSON.stringify(reply?.json.queues.filter(({ paused }: { paused: boolean }) => paused));
  };
  const pause = "POST /tasks/queues/mail/pause";
  const yes = "plimsoll-ops: yes";

  describe("is asked by a name that a page made up", () => {
    const made = [
      "evil.example",
      "evil.example:9464",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "evil-localhost",
      "ops.internal.evil.example",
      "shop.svc",
      "a.shop.svc.evil.example",
      "0x7f.1",
      "127.1",
      "",
      "127.0.0.1@evil.example",
      "[evil.example]",
    ];
    for (const host of made)
      it(`which is "${host}": nothing is shown, and nothing done`, async () => {
        for (const line of ["GET /metrics", "GET /tasks", "GET /readyz", "HEAD /metrics", "GET /nowhere", pause]) {
          const reply = await send(line, [`Host: ${host}`, yes]);
          assert.equal(reply?.status, 421, `${line}: ${reply?.body}`);
          assert.doesNotMatch(reply?.body ?? "", /plimsoll_|mail/);
        }
        assert.equal(await paused(), "[]");
      });

    it("whatever the name is", () =>
      fc.assert(
        fc.asyncProperty(fc.domain(), async (host) => assert.equal((await send("GET /metrics", [`Host: ${host}`]))?.status, 421)),
        { numRuns: 50, seed: 24 },
      ));

    it("says which setting allows it", async () =>
      assert.match((await send("GET /tasks", ["Host: evil.example"]))?.body ?? "", /ops: \{ hosts \}/));
  });

  for (const host of [
    "127.0.0.1",
    "127.0.0.1:9464",
    "10.11.12.13:80",
    "[::1]:9464",
    "[::ffff:127.0.0.1]",
    "localhost",
    "LOCALHOST:1",
    "localhost.",
    "ops.internal",
    "Ops.Internal:9464",
    "a.shop.svc",
    "a.b.shop.svc:9464",
  ])
    it(`answers to ${host} (as before)`, async () => {
      assert.equal((await send("GET /readyz", [`Host: ${host}`]))?.status, 200);
    });

  it("answers HTTP/1.0 without a Host, which simple checks speak (as before)", async () => {
    const wire = await Wire.open(port);
    assert.equal((await wire.send("GET /livez HTTP/1.0\r\n\r\n").next())?.status, 200);
    wire.close();
  });

  it("refuses two hosts, of which a proxy may have checked the other", async () => {
    assert.equal((await send("GET /tasks", ["Host: 127.0.0.1", "Host: evil.example"]))?.status, 400);
  });

  const pages = [
    { what: "an origin of another site", headers: ["Origin: https://evil.example"] },
    { what: "an origin that is hidden", headers: ["Origin: null"] },
    { what: "an origin on another port of this machine", headers: ["Origin: http://127.0.0.1:1"] },
    { what: "Sec-Fetch-Site: cross-site", headers: ["Sec-Fetch-Site: cross-site"] },
    { what: "Sec-Fetch-Site: same-site", headers: ["Sec-Fetch-Site: same-site"] },
  ];
  for (const { what, headers } of pages)
    it(`changes nothing for a page: ${what}`, async () => {
      assert.equal((await send(pause, [`Host: 127.0.0.1:${port}`, yes, ...headers]))?.status, 403);
      assert.equal(await paused(), "[]");
    });

  it("changes what a program asks for, and a page of its own (as before)", async () => {
    for (const headers of [[], ["Sec-Fetch-Site: none"], ["Sec-Fetch-Site: same-origin", `Origin: http://127.0.0.1:${port}`]]) {
      assert.equal((await send(pause, [`Host: 127.0.0.1:${port}`, yes, ...headers]))?.status, 200);
      assert.match((await paused()) ?? "", /mail/);
      assert.equal((await send("POST /tasks/queues/mail/resume", [`Host: 127.0.0.1:${port}`, yes, ...headers]))?.status, 200);
    }
    assert.equal((await send(pause))?.status, 403, "without its header");
  });

  it("warns of a queue that neither this process nor a task knows", async () => {
    const headers = [`Host: 127.0.0.1:${port}`, yes];
    assert.deepEqual((await send("POST /tasks/queues/mial/pause", headers))?.json, {
      paused: "mial",
      warning: 'This process serves no queue "mial", and no task is in one. Check the name: GET /tasks lists the queues.',
    });
    assert.deepEqual((await send("POST /tasks/queues/mail/resume", headers))?.json, { resumed: "mail" });
  });

  const wrong = [
    ["GET /tasks/%", 400],
    ["GET /tasks/%ff", 400],
    ["GET /tasks/%c3%28", 400],
    ["POST /tasks/queues/%/pause", 400],
    ["POST /tasks/queues/%00/pause", 400],
    ["POST /tasks/%E0%A4%A/cancel", 400],
    ["GET /tasks/../metrics", 404],
    ["OPTIONS /tasks", 405],
    ["DELETE /tasks", 405],
  ] as const;
  for (const [line, status] of wrong)
    it(`answers ${status} to ${line}${status === 405 ? ", and says which methods it has" : ", and does not blame the database"}`, async () => {
      const reply = await send(line, [`Host: 127.0.0.1:${port}`, yes]);
      assert.equal(reply?.status, status, reply?.body);
      assert.doesNotMatch(reply?.body ?? "", /database/);
      if (status === 405) assert.equal(reply?.headers.allow, "GET, HEAD, POST");
    });

  const crowds = [
    { what: "that say nothing", sent: "", stay: false },
    { what: "that say half of a head", sent: "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n", stay: false },
    { what: "that were answered and stay", sent: "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", stay: true },
    { what: "that ask much and read nothing", sent: "GET /tasks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(50), stay: false },
    {
      what: "that announce a body and send none",
      sent: `${pause} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n\r\n`,
      stay: false,
    },
  ];
  for (const { what, sent, stay } of crowds)
    it(`answers a health check beside ${connections} connections ${what}`, async () => {
      const crowd = await Promise.all(Array.from({ length: connections }, () => Wire.open(port)));
      for (const wire of crowd) wire.socket.write(sent);
      if (stay) await Promise.all(crowd.map((wire) => wire.next()));
      else for (const wire of crowd) wire.socket.pause();
      const replies = [await send("GET /readyz").catch(() => undefined), await send("GET /readyz").catch(() => undefined)];
      for (const wire of crowd) wire.close();
      assert.deepEqual(
        replies.map((reply) => reply?.status),
        [200, 200],
      );
    });

  it("refuses a head of more than 8 KB", async () => {
    assert.equal((await send("GET /livez", [`Host: 127.0.0.1`, `X-Much: ${"x".repeat(9_000)}`]))?.status, 431);
  });

  it("writes the address of IPv6 so that it can be asked", async () => {
    const other = createApp({ modules: [], ops: { port: 0, host: "::1" } });
    await other.start();
    const { ops } = other.urls;
    await other.stop();
    assert.match(ops ?? "", /^http:\/\/\[::1\]:\d+$/);
  });
});
