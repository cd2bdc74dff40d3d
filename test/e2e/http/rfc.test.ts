import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "./app.ts";
import type { WireResponse } from "./client.ts";

const ran: string[] = [];
const echo = action("t.echo", {
  input: z.object({ id: z.string(), tag: z.string().optional() }),
  output: z.object({ id: z.string() }),
  access: "public",
  budget: "5s",
  idempotent: "no",
  http: "POST /echo/{id}",
  run: async ({ id }) => {
    ran.push(id);
    return { id };
  },
});
const empty = action("t.empty", {
  input: z.object({}),
  output: z.object({ ok: z.boolean() }),
  access: "public",
  budget: "5s",
  idempotent: "no",
  http: "POST /empty",
  run: async () => ({ ok: true }),
});

const json = "content-type: application/json\r\n";
const follows = "POST /echo/follows HTTP/1.1\r\nhost: test\r\n\r\n";
const echoed = (line: string, head: string, body = "") => `${line}\r\n${head}\r\n${body}`;

describe("HTTP by its standards", () => {
  let served: Served;
  before(async () => {
    served = await serve([echo, empty], { http: { documents: true } });
  });
  after(() => served[Symbol.asyncDispose]());

  /** Sends bytes and returns all that is answered; where the connection stays open, as many answers as are awaited. */
  async function answers(text: string, awaited: number): Promise<readonly WireResponse[]> {
    ran.length = 0;
    const wire = await served.wire();
    wire.send(Buffer.from(text, "latin1"));
    const all: WireResponse[] = [];
    while (all.length < awaited) {
      const answer = await wire.next();
      if (answer === undefined) break;
      all.push(answer);
    }
    wire.close();
    return all;
  }
  const statuses = async (text: string, awaited: number) => (await answers(text, awaited)).map(({ status }) => status);

  for (const host of [
    "a b",
    "a/b",
    "a?b",
    "http://test",
    "user@test",
    "test:port",
    "test:123456",
    "[::1",
    "::1",
    "a\\b",
    "a%zz",
    "<test>",
    "é",
    "a,b c",
  ])
    it(`refuses "${host}" as a host, and reads nothing behind`, async () => {
      assert.deepEqual(await statuses(`POST /echo/a HTTP/1.1\r\nhost: ${host}\r\n\r\n${follows}`, 2), [400]);
      assert.deepEqual(ran, []);
    });
  for (const host of [
    "",
    "test",
    "TEST.example:80",
    "test:",
    "127.0.0.1:3000",
    "[::1]:80",
    "[2001:db8::1]",
    "a_b-c.d~e",
    "%C3%A9.test",
    "xn--9ca.test",
  ])
    it(`takes "${host}" as a host (as before)`, async () => {
      assert.deepEqual(await statuses(`POST /echo/a HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 1), [200]);
    });

  for (const [why, target, status] of [
    ["a fragment", "/echo/a#b", 400],
    ["a fragment of the query", "/echo/a?b#c", 400],
    ["a fragment of the absolute form", "http://test/echo/a#b", 400],
    ["the absolute form of no host", "http:///echo/a", 400],
    ["the absolute form with a user", "http://me@test/echo/a", 400],
  ] as const)
    it(`refuses ${why}`, async () => {
      assert.deepEqual(await statuses(`POST ${target} HTTP/1.1\r\nhost: test\r\n\r\n`, 1), [status]);
      assert.deepEqual(ran, []);
    });
  it("takes the absolute form for an operation, whatever the Host says (as before)", async () => {
    assert.deepEqual(await statuses("POST HTTP://other.test:81/echo/a?x=1 HTTP/1.1\r\nhost: test\r\n\r\n", 1), [200]);
  });
  for (const target of ["http://test/openapi.json", "http://test/docs", "http://test/openapi.json?x=1", "HTTPS://other.test:444/docs"])
    it(`answers GET ${target}`, async () => {
      assert.deepEqual(await statuses(`GET ${target} HTTP/1.1\r\nhost: test\r\n\r\n`, 1), [200]);
    });
  it("answers OPTIONS for an operation in the absolute form (as before)", async () => {
    const [answer] = await answers("OPTIONS http://test/echo/a HTTP/1.1\r\nhost: test\r\n\r\n", 1);
    assert.deepEqual([answer?.status, answer?.headers.allow], [204, "POST, OPTIONS"]);
  });
  it("answers OPTIONS *, and nothing else for *", async () => {
    const [answer] = await answers("OPTIONS * HTTP/1.1\r\nhost: test\r\n\r\n", 1);
    assert.deepEqual([answer?.status, answer?.headers.allow], [204, "POST, OPTIONS"]);
    assert.deepEqual(await statuses("GET * HTTP/1.1\r\nhost: test\r\n\r\n", 1), [400]);
  });

  it("asks no client of HTTP/1.0 to go on", async () => {
    const head = `${json}content-length: 2\r\nexpect: 100-continue\r\nconnection: keep-alive\r\n`;
    const wire = await served.wire();
    wire.send(echoed("POST /empty HTTP/1.0", head));
    // Nothing may come before the body does: it is sent only now.
    await served.ask("GET", "/nowhere");
    wire.send("{}");
    assert.equal((await wire.next())?.status, 200);
    wire.close();
  });
  it("asks a client of HTTP/1.1 to go on (as before)", async () => {
    const wire = await served.wire();
    wire.send(echoed("POST /empty HTTP/1.1", `host: test\r\n${json}content-length: 2\r\nexpect: 100-continue\r\n`));
    assert.equal((await wire.next())?.status, 100);
    wire.send("{}");
    assert.equal((await wire.next())?.status, 200);
    wire.close();
  });

  const chunks = "transfer-encoding: chunked\r\n";
  it("closes after a request of HTTP/1.0 with chunks, and reads nothing behind", async () => {
    const text = `${echoed("POST /echo/a HTTP/1.0", `host: test\r\n${json}${chunks}connection: keep-alive\r\n`, "2\r\n{}\r\n0\r\n\r\n")}${follows}`;
    const [first, ...more] = await answers(text, 2);
    assert.deepEqual([first?.status, first?.headers.connection, more.length], [200, "close", 0]);
    assert.deepEqual(ran, ["a"]);
  });
  for (const coding of ["x, chunked", "gzip, chunked", "chunked, chunked", "identity, chunked", "deflate, gzip, chunked"])
    it(`refuses Transfer-Encoding: ${coding}, and reads nothing behind${coding === "chunked, chunked" ? " (as before)" : ""}`, async () => {
      const text = `${echoed("POST /echo/a HTTP/1.1", `host: test\r\n${json}transfer-encoding: ${coding}\r\n`, "2\r\n{}\r\n0\r\n\r\n")}${follows}`;
      const all = await statuses(text, 2);
      assert.ok(all.length === 1 && (all[0] === 501 || all[0] === 400), `answered ${all}`);
      assert.deepEqual(ran, []);
    });
  it("says 501 to a transfer coding that it does not know", async () => {
    const text = echoed("POST /echo/a HTTP/1.1", `host: test\r\n${json}transfer-encoding: x, chunked\r\n`, "2\r\n{}\r\n0\r\n\r\n");
    const [answer] = await answers(text, 1);
    assert.deepEqual([answer?.status, answer?.headers.connection], [501, "close"]);
  });

  for (const [why, line, head] of [
    ["a request that closes (as before)", "POST /echo/a HTTP/1.1", "host: test\r\nconnection: close\r\n"],
    ["a request of HTTP/1.0 (as before)", "POST /echo/a HTTP/1.0", "host: test\r\n"],
    ["a request that closes, for what is not served", "POST /nowhere HTTP/1.1", "host: test\r\nconnection: close\r\n"],
    ["a request that closes, for a document", "GET /openapi.json HTTP/1.1", "host: test\r\nconnection: close\r\n"],
    [
      "a request that closes and has a body (as before)",
      "POST /echo/a HTTP/1.1",
      `host: test\r\nconnection: close\r\n${json}content-length: 2\r\n`,
    ],
  ] as const)
    it(`answers nothing behind ${why}`, async () => {
      const body = head.includes("content-length") ? "{}" : "";
      const all = await answers(`${echoed(line, head, body)}${follows}${follows}`, 3);
      assert.deepEqual(
        all.map(({ headers }) => headers.connection),
        ["close"],
      );
      assert.ok(!ran.includes("follows"), "what follows is not run");
    });

  for (const name of ["Idempotency-Key", "If-Match", "Content-Type", "traceparent", "X-Request-Id", "Plimsoll-Deadline-Ms"]) {
    const values: Readonly<Record<string, readonly string[]>> = {
      "Content-Type": ["application/json", "text/plain"],
      "Plimsoll-Deadline-Ms": ["1000", "2000"],
      traceparent: [`00-${"a".repeat(32)}-${"b".repeat(16)}-01`, `00-${"c".repeat(32)}-${"d".repeat(16)}-01`],
    };
    const [one = "a", two = "b"] = values[name] ?? [];
    for (const [how, second] of [
      ["another", two],
      ["the same", one],
    ] as const)
      it(`refuses two lines of ${name}, the second of ${how} value`, async () => {
        const head = `host: test\r\n${name}: ${one}\r\n${name.toLowerCase()}: ${second}\r\ncontent-length: 2\r\n`;
        const [answer] = await answers(echoed("POST /echo/a HTTP/1.1", head, "{}"), 1);
        assert.deepEqual([answer?.status, answer?.json.type], [400, "urn:plimsoll:header_repeated"]);
        assert.deepEqual(answer?.json.details, { header: name.toLowerCase() });
        assert.deepEqual(ran, []);
      });
  }
  it("takes two lines of a list as one (as before)", async () => {
    const head = 'host: test\r\naccept: a\r\naccept: b\r\nif-none-match: "1"\r\nif-none-match: "2"\r\n';
    assert.deepEqual(await statuses(echoed("POST /echo/a HTTP/1.1", head), 1), [200]);
  });

  it("refuses more header lines than it reads", async () => {
    const head = `host: test\r\n${"x: y\r\n".repeat(200)}`;
    const [answer, ...more] = await answers(`${echoed("POST /echo/a HTTP/1.1", head)}${follows}`, 2);
    assert.deepEqual([answer?.status, answer?.headers.connection, more.length], [431, "close", 0]);
    assert.deepEqual(await statuses(echoed("POST /echo/a HTTP/1.1", `host: test\r\n${"x: y\r\n".repeat(90)}`), 1), [200]);
  });

  for (const [why, head, body] of [
    ["in chunks, without a type", chunks, "0\r\n\r\n"],
    ["in chunks, of another type", `content-type: text/plain\r\n${chunks}`, "0\r\n\r\n"],
    ["in chunks, with trailers", chunks, "0\r\nx: y\r\n\r\n"],
    ["in chunks, encoded", `content-encoding: gzip\r\n${chunks}`, "0\r\n\r\n"],
  ] as const)
    it(`takes a body of nothing ${why}`, async () => {
      assert.deepEqual(await statuses(echoed("POST /empty HTTP/1.1", `host: test\r\n${head}`, body), 1), [200]);
    });
  for (const coding of ["Identity", "IDENTITY", "identity"])
    it(`takes Content-Encoding: ${coding}${coding === "identity" ? " (as before)" : ""}`, async () => {
      const head = `host: test\r\n${json}content-encoding: ${coding}\r\ncontent-length: 2\r\n`;
      assert.deepEqual(await statuses(echoed("POST /empty HTTP/1.1", head, "{}"), 1), [200]);
    });
});

describe("app.fetch", () => {
  for (const method of ["constructor", "toString", "__proto__", "hasOwnProperty", "PROPFIND"])
    it(`answers the method ${method} with 405${method === "PROPFIND" ? " (as before)" : ""}`, async () => {
      await using served = await serve([empty]);
      const asked = served.app.fetch(new Request("http://test/empty", { method }));
      await assert.doesNotReject(asked);
      assert.equal((await asked).status, 405);
    });
});

describe("If-Match", () => {
  let served: Served;
  let stored: unknown;
  before(async () => {
    const put = (name: string, version: z.ZodType<number> | z.ZodType<string>) =>
      action(`t.${name}`, {
        input: z.object({ version }),
        output: z.object({ done: z.boolean() }),
        access: "public",
        budget: "5s",
        idempotent: "natural",
        http: { route: `PUT /${name}`, ifMatch: "version" },
        run: async (input) => {
          stored = (input as { readonly version: unknown }).version;
          return { done: true };
        },
      });
    served = await serve([put("number", z.int().positive()), put("text", z.string().min(1).max(20))]);
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [path, header, taken] of [
    ["/number", '"3"', 3],
    ["/number", "3", 3],
    ["/number", '"x", "3"', 3],
    ["/number", 'W/"2", "3"', 3],
    ["/number", '"3", "4"', 3],
    ["/number", '"1.0"', undefined],
    ["/number", '"01"', undefined],
    ["/number", '"1e0"', undefined],
    ["/number", '"-0"', undefined],
    ["/number", '"0"', undefined],
    ["/number", '"99999999999999999999"', undefined],
    ["/number", '"1e400"', undefined],
    ["/number", 'W/"3"', undefined],
    ["/number", "*", undefined],
    ["/number", '"x"', undefined],
    ["/number", '""', undefined],
    ["/number", '"3', undefined],
    ["/number", "", undefined],
    ["/text", '"3"', "3"],
    ["/text", '"a,b"', "a,b"],
    ["/text", 'W/"a"', undefined],
    ["/text", "*", undefined],
    ["/text", `"${"a".repeat(21)}"`, undefined],
  ] as const) {
    const before = new Set(['"3"', "3"]).has(header) ? " (as before)" : "";
    it(`${header} at ${path} is ${taken === undefined ? "412" : `version ${taken}`}${header === '"a,b"' ? " (as before)" : before}`, async () => {
      stored = undefined;
      const response = await served.ask("PUT", path, { headers: { "if-match": header }, body: {} });
      assert.deepEqual([response.status, stored], [taken === undefined ? 412 : 200, taken], response.body);
      if (taken === undefined) assert.equal(response.json.type, "urn:plimsoll:precondition_failed");
    });
  }
  it("leaves a problem of another field a 400 (as before)", async () => {
    const response = await served.ask("PUT", "/number", { headers: { "if-match": '"3"' }, body: [] });
    assert.equal(response.status, 400);
  });
});
