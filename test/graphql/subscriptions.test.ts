import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "graphql-ws";
import { action, fault, query, role } from "plimsoll";
import { relates } from "plimsoll/graphql";
import { WebSocket } from "ws";
import { z } from "zod";
import { run } from "./app.ts";
import { ask } from "./ask.ts";

const Thing = z.object({ n: z.int(), ownerId: z.string() }).meta({ id: "Thing" });
const Owner = z.object({ id: z.string(), name: z.string() }).meta({ id: "Owner" });
const Broken = fault("broken", { code: "unavailable", message: "It broke." });

function operations() {
  const left = Promise.withResolvers<void>();
  const input = z.object({ count: z.int() });
  const open = { input, access: "public", budget: "5s" } as const;
  const all = [
    query("suite.things", {
      ...{ ...open, graphql: "things" },
      stream: { item: Thing, id: ({ n }) => `id-${n}` },
      run: async function* ({ count }, { lastEventId }) {
        const from = lastEventId === undefined ? 0 : Number(lastEventId.slice(3)) + 1;
        for (let n = from; n < count; n++) yield { n, ownerId: `o${n % 2}` };
      },
    }),
    query("suite.endless", {
      ...{ ...open, graphql: "endless", stream: Thing },
      run: async function* () {
        try {
          for (let n = 0; ; n++) yield { n, ownerId: "o" };
        } finally {
          left.resolve();
        }
      },
    }),
    action("suite.breaks", {
      ...{ ...open, graphql: "breaks", stream: Thing, idempotent: "no", faults: [Broken] },
      run: async function* (_, { fail }) {
        yield { n: 1, ownerId: "o" };
        fail(Broken, {});
      },
    }),
    query("suite.clerks", { ...open, access: role("clerk"), graphql: "clerks", stream: Thing, run: async function* () {} }),
    query("suite.look", { ...open, output: Thing, graphql: "look", run: async ({ count }) => ({ n: count, ownerId: "o" }) }),
  ];
  const owners = query("suite.owners", {
    ...{ input: z.object({ ids: z.array(z.string()) }), output: z.object({ owners: z.array(Owner) }), access: "public", budget: "5s" },
    run: async ({ ids }) => ({ owners: ids.map((id) => ({ id, name: `name of ${id}` })) }),
  });
  const relations = [relates({ from: Thing, field: "owner", key: "ownerId", through: owners, input: "ids", items: "owners", match: "id" })];
  return { all: [...all, owners], relations, left: left.promise };
}

const events = { accept: "text/event-stream" };
const post = (document: string, headers: Readonly<Record<string, string>> = {}) =>
  new Request("http://test/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", ...events, ...headers },
    body: JSON.stringify({ query: document }),
  });

describe("a subscription by events", () => {
  it("sends each item as its document cuts it, and then that it is complete", async () => {
    const { all, relations } = operations();
    await using running = await run(all, { graphql: { relations } });
    const response = await running.app.fetch(post("subscription { t: things(count: 2) { n owner { name } } }"));
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/event-stream; charset=utf-8"]);
    assert.equal(
      await response.text(),
      [
        'id: id-0\nevent: next\ndata: {"data":{"t":{"n":0,"owner":{"name":"name of o0"}}}}\n\n',
        'id: id-1\nevent: next\ndata: {"data":{"t":{"n":1,"owner":{"name":"name of o1"}}}}\n\n',
        "event: complete\ndata: \n\n",
      ].join(""),
    );
    const stream = running.executions.find(({ operation }) => operation === "suite.things");
    assert.deepEqual([stream?.outcome, stream?.surface, stream?.stream?.items, stream?.stream?.ended], ["ok", "graphql", 2, "complete"]);
  });

  it("continues behind the last item that its client got", async () => {
    const { all } = operations();
    await using running = await run(all);
    const response = await running.app.fetch(post("subscription { things(count: 3) { n } }", { "last-event-id": "id-1" }));
    assert.match(await response.text(), /^id: id-2\nevent: next\ndata: \{"data":\{"things":\{"n":2\}\}\}\n\nevent: complete/);
  });

  it("ends with the fault of its operation", async () => {
    const { all } = operations();
    await using running = await run(all);
    const text = await (await running.app.fetch(post("subscription { breaks(count: 0) { n } }"))).text();
    assert.match(
      text,
      /"breaks":\{"n":1\}.*\n\nevent: next\ndata: .*"code":"unavailable".*"data":\{"breaks":null\}\}\n\nevent: complete\n/,
    );
    const refused = await (await running.app.fetch(post("subscription { clerks(count: 0) { n } }"))).text();
    assert.match(refused, /^event: next\ndata: .*"code":"unauthenticated".*\n\nevent: complete\n/);
  });

  it("ends when its client leaves", async () => {
    const { all, left } = operations();
    await using running = await run(all);
    const ended = running.app.signals.executed.next();
    const response = await running.app.fetch(post("subscription { endless(count: 0) { n } }"));
    const reader = response.body!.getReader();
    await reader.read();
    await ended;
    const streamEnded = running.app.signals.executed.next();
    await reader.cancel();
    await left;
    assert.deepEqual([(await streamEnded).operation, (await streamEnded).stream?.ended], ["suite.endless", "left"]);
  });

  it("is refused where its client takes no events", async () => {
    const { all } = operations();
    await using running = await run(all);
    const { status, errors } = await ask(running.app, "subscription { things(count: 1) { n } }");
    assert.deepEqual([status, errors[0]?.extensions.type], [406, "urn:plimsoll:graphql_subscription_unsent"]);
  });

  it("is not the only thing that events carry", async () => {
    const { all } = operations();
    await using running = await run(all);
    const text = await (await running.app.fetch(post("{ look(count: 7) { n } }"))).text();
    assert.equal(text, 'event: next\ndata: {"data":{"look":{"n":7}}}\n\nevent: complete\ndata: \n\n');
  });
});

describe("a WebSocket of graphql-ws", () => {
  const open = async () => {
    const { all, relations, left } = operations();
    const running = await run(all, { graphql: { relations, webSockets: true }, port: 0 });
    const url = `${running.app.urls.surfaces[0]!.replace("http", "ws")}/graphql/ws`;
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
    return { running, client, left, url };
  };
  const collect = async (results: AsyncIterable<unknown>) => {
    const found: unknown[] = [];
    for await (const result of results) found.push(result);
    return found;
  };

  it("carries subscriptions, queries and errors at once", async () => {
    const { running, client } = await open();
    try {
      const [things, look, broken, wrong] = await Promise.all([
        collect(client.iterate({ query: "subscription { things(count: 2) { n owner { id } } }" })),
        collect(client.iterate({ query: "query ($c: Int64!) { look(count: $c) { n } }", variables: { c: 3 } })),
        collect(client.iterate({ query: "subscription { breaks(count: 0) { n } }" })),
        collect(client.iterate({ query: "{ nothing }" })).catch((errors) => errors),
      ]);
      assert.deepEqual(things, [{ data: { things: { n: 0, owner: { id: "o0" } } } }, { data: { things: { n: 1, owner: { id: "o1" } } } }]);
      assert.deepEqual(look, [{ data: { look: { n: 3 } } }]);
      assert.deepEqual((broken as { errors?: { extensions: { code: string } }[] }[])[1]?.errors?.[0]?.extensions.code, "unavailable");
      assert.equal(wrong[0].extensions.type, "urn:plimsoll:graphql_invalid");
    } finally {
      await client.dispose();
      await running[Symbol.asyncDispose]();
    }
  });

  it("ends what its client completes", async () => {
    const { running, client, left } = await open();
    try {
      for await (const _ of client.iterate({ query: "subscription { endless(count: 0) { n } }" })) break;
      await left;
    } finally {
      await client.dispose();
      await running[Symbol.asyncDispose]();
    }
  });

  for (const [what, messages] of [
    ["a subscription before it is initialised", [{ type: "subscribe", id: "1", payload: { query: "{ __typename }" } }]],
    ["a second beginning", [{ type: "connection_init" }, { type: "connection_init" }]],
    ["a message of another protocol", [{ type: "connection_init" }, { type: "start", id: "1" }]],
    [
      "two of one id",
      [
        { type: "connection_init" },
        ...[1, 2].map(() => ({ type: "subscribe", id: "1", payload: { query: "subscription { endless(count: 0) { n } }" } })),
      ],
    ],
  ] as const)
    it(`is closed by ${what}`, async () => {
      const { running, client, url } = await open();
      try {
        const socket = new WebSocket(url, "graphql-transport-ws");
        socket.on("open", () => {
          for (const message of messages) socket.send(JSON.stringify(message));
        });
        const [code, reason] = await new Promise<[number, string]>((resolve) =>
          socket.on("close", (...closed) => resolve([closed[0], String(closed[1])])),
        );
        assert.deepEqual([code, reason], [1011, "urn:plimsoll:graphql_message_invalid"]);
      } finally {
        await client.dispose();
        await running[Symbol.asyncDispose]();
      }
    });
});
