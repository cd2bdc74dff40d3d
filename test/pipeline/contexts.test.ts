// The contexts that handlers run in: each sees what its caller has, and leaves nothing to those that begin after it.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { connect } from "node:net";
import { it } from "node:test";
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { testApp } from "plimsoll/testing";
import { z } from "zod";
import { runWithin } from "../../src/core/node/run-within.ts";

const store = new AsyncLocalStorage<string>();
const look = action("contexts.look", {
  ...{ input: z.object({}), output: z.object({ seen: z.string() }), access: "public", idempotent: "no", budget: "5s" },
  http: "POST /look",
  run: async () => {
    const seen = store.getStore() ?? "nothing";
    store.enterWith("what another handler has left");
    return { seen };
  },
});
const modules = [module("contexts", { operations: [look] })];

it("handlers that begin in one turn do not see what another has entered", async () => {
  await using app = await testApp({ modules });
  const replies = await Promise.all([1, 2, 3].map(() => app.call(look, {})));
  assert.deepEqual(replies, [{ seen: "nothing" }, { seen: "nothing" }, { seen: "nothing" }]);
  assert.equal(store.getStore(), undefined);
});

it("a handler sees what its caller has, who has it afterwards too", async () => {
  await using app = await testApp({ modules });
  const seen = store.run("the caller's own", () => {
    const reply = app.call(look, {});
    assert.equal(store.getStore(), "the caller's own");
    return reply;
  });
  assert.deepEqual(await seen, { seen: "the caller's own" });
});

it("requests that come in one piece do not see what another has entered", async (t) => {
  const app = createApp({
    service: { name: "contexts" },
    modules,
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
    rateLimit: { perSecond: 0 },
  });
  await app.start({ keepsProcess: false });
  t.after(() => app.stop());
  const socket = connect(Number(new URL(app.urls.surfaces[0] ?? "").port), "127.0.0.1");
  const request = "POST /look HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  socket.write(request.repeat(3));
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    if (text.split('"seen"').length === 4) break;
  }
  assert.deepEqual(text.match(/"seen":"[^"]*"/g), ['"seen":"nothing"', '"seen":"nothing"', '"seen":"nothing"']);
});

it("what runs with a store of its own leaves the caller's as they were, also where it throws", () => {
  const other = new AsyncLocalStorage<number>();
  other.run(1, () => {
    assert.equal(
      runWithin(store, "own", (own) => `${own} ${store.getStore()} ${other.getStore()}`),
      "own own 1",
    );
    assert.throws(
      () =>
        runWithin(store, "own", () => {
          other.enterWith(2);
          throw new Error("as it must");
        }),
      /as it must/,
    );
    assert.deepEqual([store.getStore(), other.getStore()], [undefined, 1]);
  });
});
