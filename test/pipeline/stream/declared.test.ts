import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { createApp } from "../../../src/app/app.ts";
import { http } from "../../../src/http/http.ts";
import type { Operation } from "../../../src/operation/contract.ts";
import { module } from "../../../src/operation/module.ts";
import { action } from "../../../src/operation/online/action.ts";
import { command } from "../../../src/operation/online/command.ts";
import { query } from "../../../src/operation/online/query.ts";

const Item = z.object({ n: z.int() });
const common = { input: z.object({}), access: "public", budget: "1s" } as const;
async function* run() {
  yield { n: 1 };
}

function problemsOf(operation: Operation): string {
  try {
    createApp({ modules: [module("t", { operations: [operation] })], surfaces: [http({ port: false })] });
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("what a stream declares", () => {
  it("is enough with the schema of an item", () => {
    assert.equal(problemsOf(query("t.a", { ...common, stream: Item, http: "GET /a", run })), "");
    assert.equal(problemsOf(action("t.a", { ...common, stream: Item, idempotent: "no", http: "POST /a", run })), "");
  });

  const refused: readonly (readonly [what: string, operation: Operation, message: RegExp])[] = [
    ["no schema", query("t.a", { ...common, stream: 7, run } as never), /t\.a: output: It is missing or is not a schema/],
    ["nothing", query("t.a", { ...common, run: (async () => ({})) as never } as never), /t\.a: output: It is missing/],
    [
      "an output too",
      query("t.a", { ...common, stream: Item, output: Item, run: run as never } as never),
      /t\.a: stream: It has an output too/,
    ],
    [
      "a command",
      command("t.a", { ...common, idempotent: "no", stream: Item, output: undefined, run } as never) as Operation,
      /t\.a: stream: A command cannot stream/,
    ],
    [
      "a cache",
      query("t.a", { ...common, stream: Item, cache: { ttl: "1s", per: "public" }, run } as never),
      /t\.a: cache: A stream cannot be cached/,
    ],
    ["owns", query("t.a", { ...common, stream: Item, owns: async () => true, run }), /t\.a: owns: A stream has no transaction/],
    [
      "idle",
      query("t.a", { ...common, stream: { item: Item, idle: "2h" }, run }),
      /t\.a: stream\.idle: "2h" is not a duration from 1ms to 1h/,
    ],
    [
      "longest",
      query("t.a", { ...common, stream: { item: Item, longest: 0 }, run }),
      /t\.a: stream\.longest: "0" is not a duration from 1ms to 24h/,
    ],
    [
      "heartbeat",
      query("t.a", { ...common, stream: { item: Item, heartbeat: "9ms" }, run }),
      /t\.a: stream\.heartbeat: "9ms" is not a duration/,
    ],
    [
      "a head",
      query("t.a", { ...common, stream: Item, http: { route: "GET /a", etag: () => 1 }, run }),
      /t\.a: http\.etag: A stream begins before there is anything to make it of/,
    ],
    [
      "GET of an action",
      action("t.a", { ...common, stream: Item, idempotent: "no", http: "GET /a" as never, run }),
      /Only a query, or an action with receives, can have GET/,
    ],
  ];
  for (const [what, operation, message] of refused) it(`is refused with ${what}`, () => assert.match(problemsOf(operation), message));

  it("is refused where a limit of the process is no number", () => {
    const create = () => createApp({ modules: [], limits: { streams: 0, streamsPerCaller: 0.5 } });
    assert.throws(create, /limits\.streams: 0 is not a number of streams[\s\S]*limits\.streamsPerCaller: 0\.5/);
  });
});
