import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { fail, fault } from "../../src/core/fault.ts";
import { action } from "../../src/operation/online/action.ts";
import { type Served, serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

const Taken = fault("seat_taken", {
  code: "already_exists",
  details: z.object({ seat: z.string() }),
  message: ({ seat }) => `Seat ${seat} is taken.`,
  retryAfterMs: 1_200,
});
const Undeclared = fault("hidden_fault", {
  code: "not_found",
  details: z.object({ table: z.string() }),
  message: "no row in internal_table",
});
const Cyclic = fault("cyclic", { code: "aborted", details: z.unknown(), message: "Details that have no JSON form." });

const input = z.object({ how: z.string().optional() });
const common = { input, access: "public", budget: "5s", idempotent: "no" } as const;
const secretText = "postgres://admin:hunter2@10.0.0.7/internal_table";
const ways: Record<string, () => unknown> = {
  error: () => {
    throw new TypeError(secretText);
  },
  text: () => {
    throw secretText;
  },
  nothing: () => {
    throw undefined;
  },
  frozen: () => {
    throw Object.freeze({ message: secretText });
  },
  rejection: () => Promise.reject(new RangeError(secretText)),
  undeclared: () => fail(Undeclared, { table: secretText }),
  posing: () => {
    throw Object.assign(new TypeError(secretText), { code: "not_found", type: "seat_taken", status: 404, details: { secretText } });
  },
  output: () => ({ count: secretText }),
  "no output": () => undefined,
  cyclic: () => {
    const details: Record<string, unknown> = {};
    details.self = details;
    return fail(Cyclic, details);
  },
};
const break_ = action("t.break", {
  ...common,
  output: z.object({ count: z.number() }),
  faults: [Taken, Cyclic],
  http: "POST /break",
  run: async ({ how = "" }) => ways[how]?.() as { count: number },
});
const declared = action("t.declared", {
  ...common,
  output: z.object({}),
  faults: [Taken],
  http: "POST /declared",
  run: async () => fail(Taken, { seat: "4a" }),
});
const located = action("t.located", {
  ...common,
  output: z.object({ id: z.string() }),
  http: {
    route: "POST /located",
    status: 201,
    location: ({ id }) => {
      if (id === "throws") throw new TypeError(secretText);
      if (id === "half") return "/things/\ud83d";
      return `/things/${id.replace('"', "")}`;
    },
    // Its own bug only: it would otherwise refuse what `location` lets through.
    etag: ({ id }) => (id.includes('"') ? id : "7"),
  },
  run: async ({ how = "" }) => ({ id: how }),
});
const strict = action("t.strict", {
  ...common,
  input: z.strictObject({
    name: z.string().min(2),
    "a/b~c": z.number(),
    lines: z.array(z.object({ count: z.int().positive() })).max(2),
    choice: z.enum(["x", "y"]),
  }),
  output: z.object({}),
  http: "POST /strict",
  run: async () => ({}),
});

describe("problems over HTTP", () => {
  let served: Served;
  before(async () => {
    served = await serve([break_, declared, located, strict], { development: false });
  });
  after(() => served[Symbol.asyncDispose]());

  it("writes a declared fault as RFC 9457 says", async () => {
    const { status, headers, json } = await served.ask("POST", "/declared", { headers: { "x-request-id": "r-1" } });
    assert.equal(status, 409);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["retry-after"], "2");
    assert.equal(headers["x-request-id"], "r-1");
    assert.deepEqual(json, {
      type: "urn:plimsoll:seat_taken",
      title: "Already exists",
      status: 409,
      detail: "Seat 4a is taken.",
      code: "already_exists",
      requestId: "r-1",
      details: { seat: "4a" },
    });
  });

  for (const how of Object.keys(ways)) {
    it(`hides what is inside a bug: ${how}`, async () => {
      const executed = served.executed(break_);
      const { status, headers, json, body } = await served.ask("POST", "/break", { body: { how }, headers: { "x-request-id": "r-2" } });
      assert.equal(status, 500);
      assert.equal(headers["content-type"], "application/problem+json");
      assert.deepEqual(json, {
        type: "urn:plimsoll:internal",
        title: "Internal error",
        status: 500,
        detail: "The server failed to handle the request and logged the cause. Try again later, or report the request id.",
        code: "internal",
        requestId: "r-2",
      });
      assert.doesNotMatch(body, /hunter2|internal_table|hidden_fault|t\.break/);
      const { outcome, fault: found, facts } = await executed;
      assert.deepEqual([outcome, found?.code, facts?.labels.status], ["internal", "internal", 500]);
    });
  }

  for (const [why, how, note = ""] of [
    ["a location that throws", "throws"],
    ["a location with half a surrogate pair", "half", " (as before)"],
    ["an ETag with a quote", 'a"b'],
  ] as const) {
    it(`answers ${why} as a bug, and the connection lives on${note}`, async () => {
      const wire = await served.wire();
      const executed = served.executed(located);
      wire.send(requestText("POST", "/located", { body: { how } }));
      const response = await wire.next();
      assert.deepEqual([response?.status, response?.json.code], [500, "internal"]);
      assert.equal(response?.headers["set-cookie"], undefined);
      assert.equal((await executed).outcome, "internal");
      wire.send(requestText("POST", "/located", { body: { how: "7" } }));
      const next = await wire.next();
      assert.deepEqual([next?.status, next?.headers.location, next?.headers.etag], [201, "/things/7", '"7"']);
      wire.close();
    });
  }

  for (const [what, id, location] of [
    ["a line break", "a\r\nset-cookie: x=1", "/things/a%0D%0Aset-cookie:%20x=1"],
    ["a lone line feed", "a\nset-cookie: x=1", "/things/a%0Aset-cookie:%20x=1"],
    ["the end of a head and a second answer", "a\r\n\r\nHTTP/1.1 200 OK\r\n", "/things/a%0D%0A%0D%0AHTTP/1.1%20200%20OK%0D%0A"],
    ["a character that no header has", "名", "/things/%E5%90%8D"],
    ["a character whose low byte is a line feed", "\u010a\u0a0d", "/things/%C4%8A%E0%A8%8D"],
  ] as const) {
    it(`encodes ${what} in a location, so that nothing but it reaches the head`, async () => {
      const wire = await served.wire();
      wire.send(requestText("POST", "/located", { body: { how: id } }));
      const response = await wire.next();
      assert.deepEqual([response?.status, response?.headers.location, response?.json], [201, location, { id }]);
      assert.equal(response?.headers["set-cookie"], undefined);
      // What came next would be a second answer that was smuggled in.
      wire.send(requestText("POST", "/located", { body: { how: "7" } }));
      const next = await wire.next();
      assert.deepEqual([next?.status, next?.headers.location, next?.json], [201, "/things/7", { id: "7" }]);
      wire.close();
    });
  }

  it("lists every problem of an input with its JSON pointer", async () => {
    const { status, json } = await served.ask("POST", "/strict", {
      body: { name: "a", "a/b~c": "1", lines: [{ count: 0 }, {}], choice: "z", more: 1 },
    });
    assert.deepEqual([status, json.code, json.type], [400, "invalid_argument", "urn:plimsoll:invalid_input"]);
    const pointers = json.problems.map(({ pointer }: { pointer: string }) => pointer).toSorted();
    assert.deepEqual(pointers, ["", "/a~1b~0c", "/choice", "/lines/0/count", "/lines/1/count", "/name"]);
    for (const { message } of json.problems) assert.ok(typeof message === "string" && message.length > 0);
  });

  it("says of a missing body what each field lacks", async () => {
    const { status, json } = await served.ask("POST", "/strict");
    assert.equal(status, 400);
    const pointers = json.problems.map(({ pointer }: { pointer: string }) => pointer).toSorted();
    assert.deepEqual(pointers, ["/a~1b~0c", "/choice", "/lines", "/name"]);
  });

  for (const [id, echoed] of [
    ["a", true],
    ["01976f3c-0c52-7a60-8f52-6e4dd0b1f9a1", true],
    ["A.b_c:d/e+f=g-h", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["", false],
    ["a b", false],
    ["a\tb", false],
    ["a;b", false],
    ["<script>", false],
    ['"a"', false],
    ["a%0d%0ab", false],
    ["\u00e9", false],
    ["$(id)", false],
  ] as const) {
    it(`${echoed ? "echoes" : "replaces"} the request id ${JSON.stringify(id.slice(0, 40))}`, async () => {
      for (const [method, target] of [
        ["POST", "/declared"],
        ["GET", "/nowhere"],
        ["GET", "/declared"],
        ["OPTIONS", "/declared"],
      ] as const) {
        const { headers, body } = await served.ask(method, target, { headers: { "x-request-id": id } });
        const given = headers["x-request-id"];
        if (echoed) assert.equal(given, id);
        else assert.match(given ?? "", /^[0-9a-f]{16}$/);
        if (body !== "") assert.equal(JSON.parse(body).requestId, given);
      }
    });
  }

  it("sends the security headers with every answer", async () => {
    for (const [method, target] of [
      ["POST", "/declared"],
      ["POST", "/located"],
      ["GET", "/nowhere"],
      ["OPTIONS", "/declared"],
    ] as const) {
      const { headers } = await served.ask(method, target);
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["cache-control"], "no-store");
      assert.match(headers["content-security-policy"] ?? "", /default-src 'none'/);
      assert.equal(headers["x-powered-by"], undefined);
      assert.equal(headers.server, undefined);
    }
  });

  it("does not echo a path back in a way that a browser would run", async () => {
    const { headers, body } = await served.ask("GET", "/<script>alert(1)</script>");
    assert.equal(headers["content-type"], "application/problem+json");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.ok(JSON.parse(body).detail.length < 400);
  });
});
