// What a stranger sends costs no more than it is worth: an answer is small, and no check of the application's sees what is too large.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { type Served, serve } from "./app.ts";

let asked = 0;
const watched = z.string().refine(() => ++asked > 0);
const Choice = z.enum(["a", "b"]);
const common = { output: z.object({}), access: "public", budget: "30s", idempotent: "natural", run: async () => ({}) } as const;
const post = (name: string, input: z.ZodObject) => action(`t.${name}`, { ...common, input, http: `POST /${name}` });
const operations = [
  post("array", z.object({ list: z.array(Choice) })),
  post("wide", z.object({ list: z.array(Choice).max(1_000_000) })),
  post("short", z.object({ list: z.array(z.string().min(5)).max(1_000_000) })),
  post("record", z.object({ record: z.record(z.string(), Choice) })),
  post("union", z.object({ list: z.array(z.union([z.object({ a: Choice }), z.object({ b: Choice }), Choice])).max(1_000_000) })),
  post("strict", z.strictObject({ a: z.int().optional() })),
  post("text", z.object({ text: watched })),
  action("t.find", { ...common, input: z.strictObject({ id: watched, tags: z.array(Choice).optional() }), http: "DELETE /find/{id}" }),
];

/** What was right already says so at the end of its name. */
const named = (name: string) => (name.includes(" (as before)") ? `${name.replace(" (as before)", "")} (as before)` : name);
const ones = (count: number) => `[${"1,".repeat(count - 1)}1]`;
const keys = (count: number, value: string) => `{${Array.from({ length: count }, (_, at) => `"key ${at}":${value}`).join()}}`;
const bodies: readonly (readonly [what: string, target: string, body: string, status: number])[] = [
  ["a megabyte of ones in an array without a bound", "/array", `{"list":${ones(520_000)}}`, 413],
  ["a megabyte of ones for an object", "/array", ones(520_000), 413],
  ["as many values as are allowed", "/array", `{"list":${ones(99_000)}}`, 400],
  ["as many values as are allowed, where the schema takes them", "/wide", `{"list":${ones(99_000)}}`, 400],
  ["texts that are too short", "/short", `{"list":[${'"x",'.repeat(99_000)}"x"]}`, 400],
  ["many entries", "/record", `{"record":${keys(50_000, "1")}}`, 400],
  ["a long key", "/record", `{"record":{"${"k".repeat(1_000_000)}":1}}`, 400],
  ["many that fit no option", "/union", `{"list":[${"[],".repeat(90_000)}[]]}`, 400],
  ["many objects that fit no option", "/union", `{"list":[${'{"c":1},'.repeat(40_000)}{}]}`, 400],
  ["many keys that are not known", "/strict", keys(50_000, "1"), 400],
  ["long keys that are not known", "/strict", `{"${"k".repeat(1_000_000)}":1}`, 400],
  ["many keys and no comma (as before)", "/strict", `${keys(50_000, "1").slice(0, -1)} "x"`, 400],
  ["a long text", "/text", `{"text":"${"x".repeat(1_000_000)}"}`, 400],
  ["many brackets (as before)", "/text", `{"text":${"[".repeat(1_000_000)}`, 400],
  ["many objects in each other (as before)", "/text", `${'{"text":'.repeat(100_000)}1`, 400],
];

describe("hostile inputs", () => {
  let served: Served;
  before(async () => {
    served = await serve(operations, { http: { limits: { bodyBytes: 2_000_000, anonymousBodyBytes: 2_000_000 } } });
  });
  after(() => served[Symbol.asyncDispose]());

  for (const [what, target, body, status] of bodies) {
    it(named(`${what} are ${status}, in few words`), async () => {
      asked = 0;
      const response = await served.ask("POST", target, { body });
      assert.equal(response.status, status, response.body.slice(0, 500));
      assert.ok(response.body.length < 20_000, `${response.body.length} characters`);
      assert.ok((response.json.problems ?? []).length <= 64);
      assert.equal(asked, 0);
    });

    it(named(`${what} are ${status} from app.fetch too`), async () => {
      const headers = { "content-type": "application/json" };
      const response = await served.app.fetch(new Request(`http://test${target}`, { method: "POST", headers, body }));
      const text = await response.text();
      assert.equal(response.status, status, text.slice(0, 500));
      assert.ok(text.length < 20_000, `${text.length} characters`);
    });
  }

  for (const [what, target] of [
    ["thousands of parameters (as before)", `/find/x?${"a&".repeat(3_500)}`],
    ["thousands of parameters of one name", `/find/x?${"tags&".repeat(1_500)}`],
    ["long names", `/find/x?${"a".repeat(7_000)}=1&tags=a`],
  ] as const) {
    it(named(`${what} are 400, in few words`), async () => {
      const response = await served.ask("DELETE", target);
      assert.equal(response.status, 400, response.body.slice(0, 500));
      assert.ok(response.body.length < 16_000, `${response.body.length} characters`);
      assert.ok(response.json.problems.length <= 64);
      assert.ok(response.json.problems.every(({ message }: { message: string }) => message.length < 600));
    });
  }

  it("names how many at the least where it does not name them all", async () => {
    const { json } = await served.ask("POST", "/wide", { body: `{"list":${ones(2_000)}}` });
    assert.equal(json.problems.length, 64);
    assert.match(json.detail, /^At least 64 values are invalid/);
    assert.deepEqual(json.problems[63].pointer, "/list/63");
  });
});
