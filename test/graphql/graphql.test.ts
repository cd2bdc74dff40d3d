import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { action, command, fault, query, rateLimit, role, signedIn } from "plimsoll";
import { z } from "zod";
import { run } from "./app.ts";
import { ask } from "./ask.ts";

const Text = z.object({ text: z.string() });
const SoldOut = fault("sold_out", {
  code: "failed_precondition",
  details: z.object({ left: z.int() }),
  message: ({ left }) => `Only ${left} are left.`,
});

function operations() {
  const order: string[] = [];
  const open = { input: Text, output: Text, access: "public", budget: "5s" } as const;
  return {
    order,
    all: [
      query("suite.look-up", { ...open, graphql: true, run: async (input) => input }),
      query("suite.hidden", { ...open, run: async (input) => input }),
      query("suite.clerk", { ...open, access: role("clerk"), graphql: "clerk", run: async (input) => input }),
      action("suite.sell", {
        ...open,
        idempotent: "no",
        graphql: "sell",
        faults: [SoldOut],
        run: async (_, { fail }) => fail(SoldOut, { left: 2 }),
      }),
      action("suite.write", {
        ...{ ...open, idempotent: "no", graphql: "write" },
        run: async ({ text }) => {
          order.push(`${text} begins`);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(`${text} ends`);
          return { text };
        },
      }),
      command("suite.keep", {
        ...{ ...open, access: signedIn(), idempotent: "key", graphql: "keep" },
        run: async ({ text }) => ({ text: `${text} ${order.push(text)}` }),
      }),
    ],
  };
}

describe("a document", () => {
  it("asks queries by their fields, under the keys that it wants", async () => {
    await using running = await run(operations().all);
    const read = await ask(
      running.app,
      'query ($t: String!) { a: suiteLookUp(text: "1") { text again: text __typename } suiteLookUp(text: $t) { text } __typename }',
      {
        variables: { t: "2" },
      },
    );
    assert.equal(
      read.text,
      JSON.stringify({
        data: { a: { text: "1", again: "1", __typename: "SuiteLookUpOutput" }, suiteLookUp: { text: "2" }, __typename: "Query" },
      }),
    );
    assert.equal(read.status, 200);
    assert.deepEqual(
      running.executions.map(({ operation, surface, outcome }) => [operation, surface, outcome]),
      [
        ["suite.look-up", "graphql", "ok"],
        ["suite.look-up", "graphql", "ok"],
      ],
    );
    const [carrier] = running.carriers;
    assert.deepEqual(
      running.executions.map(({ traceId, parentSpanId, requestId }) => [traceId, parentSpanId, requestId]),
      Array(2).fill([carrier?.traceId, carrier?.spanId, carrier?.requestId]),
    );
  });

  it("puts fragments in their places, and leaves out what directives say", async () => {
    await using running = await run(operations().all);
    const document = `query ($no: Boolean!) {
      suiteLookUp(text: "1") { ...Part ... on SuiteLookUpOutput @skip(if: $no) { third: text } }
      left: suiteLookUp(text: "2") @skip(if: $no) { text }
    }
    fragment Part on SuiteLookUpOutput { first: text second: text @include(if: $no) }`;
    const yes = await ask(running.app, document, { variables: { no: true } });
    assert.deepEqual(yes.data, { suiteLookUp: { first: "1", second: "1" } });
    const no = await ask(running.app, document, { variables: { no: false } });
    assert.deepEqual(no.data, { suiteLookUp: { first: "1", third: "1" }, left: { text: "2" } });
    assert.equal(running.executions.length, 3);
  });

  it("gets a fault in the place of one field, and keeps the others", async () => {
    await using running = await run(operations().all);
    const read = await ask(running.app, '{ clerk(text: "1") { text } suiteLookUp(text: "2") { text } }');
    assert.deepEqual(read.data, { clerk: null, suiteLookUp: { text: "2" } });
    const [error] = read.errors;
    assert.deepEqual([error?.path, error?.locations], [["clerk"], [{ line: 1, column: 3 }]]);
    assert.deepEqual(
      [error?.extensions.code, error?.extensions.type, error?.extensions.status],
      ["unauthenticated", "urn:plimsoll:token_missing", 401],
    );
    const signed = await ask(running.app, '{ clerk(text: "1") { text } }', { headers: { authorization: "Bearer ann" } });
    assert.deepEqual(signed.data, { clerk: { text: "1" } });
    assert.equal(running.executions.at(-1)?.actorId, "ann");
  });

  it("reads a declared fault with the members of a problem", async () => {
    await using running = await run(operations().all);
    const { errors, data } = await ask(running.app, 'mutation { sell(text: "") { text } }');
    assert.deepEqual(data, { sell: null });
    const { requestId, ...extensions } = errors[0]!.extensions;
    assert.equal(requestId, running.executions[0]?.requestId);
    assert.equal(errors[0]?.message, "Only 2 are left.");
    assert.deepEqual(extensions, {
      ...{ type: "urn:plimsoll:sold_out", title: "Failed precondition", status: 400, code: "failed_precondition", details: { left: 2 } },
    });
  });

  it("writes in the order of its fields", async () => {
    const { all, order } = operations();
    await using running = await run(all);
    await ask(running.app, 'mutation { a: write(text: "a") { text } b: write(text: "b") { text } }');
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  });

  it("does not reach what does not say graphql", async () => {
    await using running = await run(operations().all);
    const read = await ask(running.app, '{ suiteHidden(text: "") { text } }');
    assert.deepEqual([read.status, read.errors[0]?.extensions.type], [400, "urn:plimsoll:graphql_invalid"]);
    assert.equal(running.executions.length, 0);
  });
});

describe("a key", () => {
  const headers = { authorization: "Bearer ann", "idempotency-key": "k-1" };
  it("stands for the one mutation of a document, and for each of several", async () => {
    await using running = await run(operations().all);
    const one = 'mutation { keep(text: "a") { text } }';
    const [first, again] = [await ask(running.app, one, { headers }), await ask(running.app, one, { headers })];
    assert.deepEqual([first.data, again.data], [{ keep: { text: "a 1" } }, { keep: { text: "a 1" } }]);
    assert.deepEqual([first.extensions, again.extensions], [{}, { replayed: ["keep"] }]);
    const two = 'mutation { x: keep(text: "x") { text } y: keep(text: "y") { text } }';
    const [both, bothAgain] = [await ask(running.app, two, { headers }), await ask(running.app, two, { headers })];
    assert.match(both.text, /"x":\{"text":"x \d"\},"y":\{"text":"y \d"\}/);
    assert.deepEqual(bothAgain.data, both.data);
    assert.deepEqual(bothAgain.extensions, { replayed: ["x", "y"] });
  });
});

describe("charges", () => {
  const open = { input: z.object({}), output: Text, access: "public", budget: { deadline: "5s", queue: 2_000 }, graphql: "one" } as const;
  const limits = { aliases: 1_000, fields: 2_000, tokens: 20_000 };
  const document = `{ ${Array.from({ length: 1_000 }, (_, at) => `a${at}: one { text }`).join(" ")} }`;

  it("of 1,000 aliases are 1,000 at the rate of the caller", async () => {
    const one = query("suite.one", { ...open, run: async () => ({ text: "" }) });
    await using running = await run([one], { graphql: { limits }, spec: { rateLimit: { perSecond: 0.001, burst: 1_000 } } });
    const read = await ask(running.app, document);
    assert.deepEqual([read.errors.length, running.executions.length], [0, 1_000]);
    const more = await ask(running.app, "{ one { text } }");
    assert.deepEqual([more.data, more.errors[0]?.extensions.type], [{ one: null }, "urn:plimsoll:rate_limited"]);
  });

  it("of an operation count each alias, and refuse those above its rate", async () => {
    const rate = rateLimit({ per: "address", limit: 400, period: "1h" });
    const one = query("suite.one", { ...open, budget: { ...open.budget, rate }, run: async () => ({ text: "" }) });
    await using running = await run([one], { graphql: { limits } });
    const read = await ask(running.app, document);
    const refused = Object.values(read.data).filter((value) => value === null).length;
    assert.deepEqual([refused, read.errors.length, read.extensions], [600, 100, { omittedErrors: 500 }]);
    assert.equal(running.executions.filter(({ outcome }) => outcome === "resource_exhausted").length, 600);
  });

  it("of a request that starts no operation are one, and then it is refused", async () => {
    const one = query("suite.one", { ...open, run: async () => ({ text: "" }) });
    await using running = await run([one], { spec: { rateLimit: { perSecond: 0.001, burst: 3 } } });
    const codes = [];
    for (const text of ["{", "{ __typename }", "{ two }", "{ two }", "{ __typename }"]) {
      const { status } = await ask(running.app, text);
      codes.push(status);
    }
    assert.deepEqual(codes, [400, 200, 400, 429, 429]);
  });
});
