import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Fault, fault } from "../../../src/core/fault.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { postgres } from "../../../src/postgres/index.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/index.ts";
import { type Served, serve } from "./app.ts";

// A developer learns why a request ended with 500; in production no caller does.

const word = "hunter2";
const Hidden = fault("hidden_fault", { code: "not_found", details: z.object({}), message: `${word} is not there` });
const common = { input: z.object({}), access: "public", budget: "20s" } as const;

/** What the handlers do is said by the test. */
const work: { thrown: unknown; text: string } = { thrown: undefined, text: "" };
const break_ = action("t.break", {
  ...common,
  ...{ idempotent: "no", http: "POST /break", output: z.object({}) },
  run: async () => {
    throw work.thrown;
  },
});
const wrongOutput = action("t.wrong-output", {
  ...common,
  ...{ idempotent: "no", http: "POST /wrong-output", output: z.object({ count: z.number() }) },
  run: async () => ({ count: word as unknown as number }),
});
const ask = query("t.ask", {
  ...common,
  ...{ http: "GET /ask", output: z.object({}) },
  run: async (_, { sql }) => {
    if (work.text === "uuid") await sql`select ${word}::uuid`.run();
    else await sql.unsafe(work.text).run();
    return {};
  },
});

const through = {
  socket: async ({ port, app: _ }: Served, route: string) => {
    const [method = "", path = ""] = route.split(" ");
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: reply.status, text: await reply.text() };
  },
  fetch: async ({ app }: Served, route: string) => {
    const [method = "", path = ""] = route.split(" ");
    const reply = await app.fetch(new Request(`http://none${path}`, { method }));
    return { status: reply.status, text: await reply.text() };
  },
};
type Way = (typeof through)[keyof typeof through];

let database: TestDatabase;
before(async () => {
  database = await testDatabase({ modules: [] });
});
after(() => database.drop());
const open = (development: boolean) =>
  serve([break_, wrongOutput, ask], { development, database: postgres({ url: database.url, connections: 1 }) });

const cyclic = new Error(`${word} in a circle`);
cyclic.cause = cyclic;
const thrown: Readonly<Record<string, readonly [unknown, RegExp]>> = {
  "an error": [new TypeError(`no ${word}`), /"name":"TypeError","message":"no hunter2","stack":\["at [^"]*causes\.test\.ts/],
  "an error with causes": [
    new Error("outer", { cause: new RangeError("middle", { cause: word }) }),
    /"message":"outer".*"message":"middle".*"message":"hunter2"/,
  ],
  "an error that is its own cause": [cyclic, /"message":"hunter2 in a circle"/],
  "a text": [word, /"cause":\{"message":"hunter2"\}/],
  nothing: [undefined, /"cause":\{"message":"undefined"\}/],
  "a fault that is not declared": [new Hidden({}), /t\.break ended with hidden_fault.*"message":"hunter2 is not there"/],
  "an internal fault of a type of its own": [
    new Fault({ code: "internal", type: "broken", message: `${word} broke`, cause: new Error("why") }),
    /"message":"hunter2 broke".*"message":"why"/,
  ],
};

for (const [way, send] of Object.entries(through)) {
  describe(`in development a 500 tells its cause, through ${way}:`, () => {
    let served: Served;
    before(async () => {
      served = await open(true);
    });
    after(() => served[Symbol.asyncDispose]());

    const causeOf = async (route: string) => {
      const { status, text } = await send(served, route);
      assert.equal(status, 500, text);
      const problem = JSON.parse(text);
      assert.deepEqual([problem.type, problem.code], ["urn:plimsoll:internal", "internal"]);
      assert.ok("cause" in problem, "the problem has no cause");
      return problem.cause;
    };

    for (const [name, [value, shown]] of Object.entries(thrown))
      it(name, async () => {
        work.thrown = value;
        assert.match(JSON.stringify({ cause: await causeOf("POST /break") }), shown);
      });

    it("an output that does not fit", async () => assert.match((await causeOf("POST /wrong-output")).message, /t\.wrong-output.*count/));

    it("a statement, with its SQLSTATE, position and line", async () => {
      work.text = "select 1 as one, nonsense";
      const { sqlstate, statement, position, writtenAt, message } = await causeOf("GET /ask");
      assert.deepEqual([sqlstate, statement, position], ["42703", work.text, 18]);
      assert.match(message, /nonsense/);
      assert.match(writtenAt, /causes\.test\.ts:\d+:\d+/);
    });

    it("a value of the handler's own that the server refuses", async () => {
      work.text = "uuid";
      const { sqlstate, statement } = await causeOf("GET /ask");
      assert.deepEqual([sqlstate, statement], ["22P02", "select $1::uuid"]);
    });

    it("within bounds, whatever was thrown", async () => {
      let deep = new Error("x".repeat(1_000_000));
      for (let at = 0; at < 1_000; at++) deep = new Error("y".repeat(100_000), { cause: deep });
      work.thrown = deep;
      const text = JSON.stringify(await causeOf("POST /break"));
      assert.ok(text.length < 100_000, `${text.length} characters`);
    });
  });

  describe(`in production a 500 tells nothing (as before), through ${way}:`, () => {
    let served: Served;
    before(async () => {
      served = await open(false);
    });
    after(() => served[Symbol.asyncDispose]());

    const saysNothing = async (send: Way, route: string) => {
      const { status, text } = await send(served, route);
      const { requestId, ...problem } = JSON.parse(text);
      assert.match(requestId, /^[0-9a-f]{16}$/);
      assert.deepEqual(
        [status, problem],
        [
          500,
          {
            type: "urn:plimsoll:internal",
            title: "Internal error",
            status: 500,
            detail: "The server failed to handle the request and logged the cause. Try again later, or report the request id.",
            code: "internal",
          },
        ],
      );
    };

    for (const [name, [value]] of Object.entries(thrown))
      it(`${name} (as before)`, async () => {
        work.thrown = value;
        await saysNothing(send, "POST /break");
      });

    it("an output, a statement, a value (as before)", async () => {
      await saysNothing(send, "POST /wrong-output");
      for (const text of ["select 1 as one, nonsense", "uuid", "select 1 / 0"]) {
        work.text = text;
        await saysNothing(send, "GET /ask");
      }
    });

    it("anything that is thrown, with anything in it (as before)", async () => {
      const values = fc.anything({ withBigInt: true, withDate: true, withMap: true });
      const errors = fc.tuple(fc.string(), values).map(([message, cause]) => new Error(message, { cause }));
      const posing = fc.tuple(errors, fc.object()).map(([error, fields]) => {
        const { stack: _, message: __, ...more } = fields;
        return Object.assign(error, { code: "not_found", status: 404, type: "hidden_fault", cause: word }, more);
      });
      const internal = fc.tuple(fc.string(), values).map(([message, details]) => new Fault({ code: "internal", message, details }));
      await fc.assert(
        fc.asyncProperty(fc.oneof(values, errors, posing, internal), async (value) => {
          work.thrown = value;
          await saysNothing(send, "POST /break");
        }),
        { numRuns: 100 },
      );
    });
  });
}

it("without a word of the app NODE_ENV decides: production tells nothing (as before)", async () => {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  try {
    await using served = await serve([break_]);
    work.thrown = new Error(word);
    const { text } = await through.socket(served, "POST /break");
    assert.deepEqual(["cause" in JSON.parse(text), text.includes(word)], [false, false]);
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
});
