import assert from "node:assert/strict";
import { it } from "node:test";
import { action, command, createApp, implement, module, query, type WriteScope } from "plimsoll";
import type { Operation } from "plimsoll/ports";
import { remote } from "plimsoll/remote";
import { z } from "zod";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import * as shelf from "./inside-operations.ts";
import { readStock } from "./inside-operations.ts";
import { keys } from "./two-apps.ts";

const common = { input: z.object({}), output: z.object({}), access: "public", budget: "1s" } as const;

const byNamespace = implement(command("orders.place", { ...common, idempotent: "no" }), async (_, { call }) => call(shelf.takeStock, {}));
const byName = query("orders.look", { ...common, run: async (_, { call }) => call(readStock, {}) });
const inOwns = command("orders.cancel", {
  ...{ ...common, idempotent: "no" },
  owns: async (_, scope) => (await scope.call(readStock, {})) !== undefined,
  run: async () => ({}),
});
const throughAction = action("orders.checkout", { ...common, idempotent: "no", run: async (_, { call }) => call(shelf.takeStock, {}) });
const commented = command("orders.later", {
  ...{ ...common, idempotent: "no" },
  run: async () => {
    // One day: await call(readStock, {}).
    return {};
  },
});
const take = (scope: WriteScope) => scope.call(shelf.takeStock, {});
const hidden = command("orders.hidden", { ...common, idempotent: "no", run: async (_, scope) => take(scope) });

function appOf(...operations: Parameters<typeof module>[1]["operations"]) {
  const database = new MemoryDatabase();
  // Nothing listens there: what is sent fails otherwise.
  const away = remote(shelf.catalog, { url: "http://127.0.0.1:1", keys, lock: false, retries: 0 });
  const app = createApp({ modules: [away, module("orders", { operations })], database: { open: () => database } });
  return { app, database };
}

for (const [name, operation, called] of [
  ["orders.place", byNamespace, "catalog.take-stock"],
  ["orders.look", byName, "catalog.read-stock"],
  ["orders.cancel", inOwns, "catalog.read-stock"],
] as const)
  it(`an app with ${name}, which calls ${called} inside its transaction, does not start`, async () => {
    await assert.rejects(
      appOf(operation as Operation).app.start({ keepsProcess: false }),
      ({ type, message }: { type: string; message: string }) => {
        assert.equal(type, "app_invalid");
        for (const part of [name, called, "a saga", "emit an event"]) assert(message.includes(part), message);
        return true;
      },
    );
  });

it("an action may call it, and a comment is no call", async () => {
  const { app } = appOf(throughAction, commented);
  await app.start({ keepsProcess: false });
  try {
    await assert.rejects(app.call(throughAction, {}), { code: "unavailable", type: "remote_unavailable" });
    await app.call(commented, {});
  } finally {
    await app.stop();
  }
});

it("a call that is hidden in a function is refused when it is made, and commits nothing", async () => {
  const { app, database } = appOf(hidden);
  await app.start({ keepsProcess: false });
  const faults: string[] = [];
  app.signals.executed.on(({ fault }) => void faults.push(String((fault?.cause as Error | undefined)?.message ?? fault?.message)));
  try {
    await assert.rejects(app.call(hidden, {}), { code: "internal" });
    assert.match(faults[0] ?? "", /make it a saga/);
    assert.equal(database.commits, 0);
  } finally {
    await app.stop();
  }
});
