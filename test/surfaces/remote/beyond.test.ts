// What only the process of a remote module can do: an app that would do it from elsewhere does not start, and the message names both ways out.
import assert from "node:assert/strict";
import { it } from "node:test";
import { action, command, createApp, module, rawBody, task } from "plimsoll";
import { remote } from "plimsoll/remote";
import { z } from "zod";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { keys } from "./two-apps.ts";

const common = { input: z.object({}), access: "public", budget: "1s" } as const;
const output = z.object({});

/** What a handler returns that only starts something. */
const done = async (begun: Promise<unknown>) => {
  await begun;
  return {};
};

const send = task("mail.send", { input: z.object({}), budget: "1s", run: async () => undefined });
const ask = command("mail.ask", {
  ...common,
  output,
  idempotent: "natural",
  run: async (_, { start }) => done(start(send, {})),
});
const receive = command("mail.receive", {
  ...{ ...common, input: z.object({ body: rawBody({ types: ["message/rfc822"] }) }), output, idempotent: "natural" },
  http: { route: "POST /mail", body: "raw" },
  run: async () => ({}),
});
const mail = module("mail", { operations: [send, ask, receive] });
const contracts = { send };

const starts = command("orders.place", {
  ...common,
  output,
  idempotent: "no",
  run: async (_, { start }) => done(start(send, {})),
});
const startsByNamespace = action("orders.later", {
  ...{ ...common, output, idempotent: "no" },
  run: async (_, { start }) => done(start(contracts.send, {})),
});
const asks = action("orders.ask", { ...common, output, idempotent: "no", run: async (_, { call }) => call(ask, {}) });
const calls = action("orders.receive", {
  ...common,
  output,
  idempotent: "no",
  run: async (_, { call }) => done(call(receive as never, {} as never)),
});

function appOf(operation: Parameters<typeof module>[1]["operations"][number]) {
  const database = new MemoryDatabase();
  const away = remote(mail, { url: "http://127.0.0.1:1", keys, lock: false, retries: 0 });
  return createApp({ modules: [away, module("orders", { operations: [operation] })], database: { open: () => database } });
}

for (const [operation, called, ways] of [
  [starts, "mail.send", ["call a command of mail that starts it", "emit an event that mail subscribes to"]],
  [startsByNamespace, "mail.send", ["call a command of mail that starts it", "emit an event that mail subscribes to"]],
  [calls, "mail.receive", ["at the service that has mail", "a command of mail with where it is"]],
] as const)
  it(`an app with ${operation.name}, which needs ${called} of a remote module, does not start`, () =>
    assert.rejects(appOf(operation).start({ keepsProcess: false }), ({ type, message }: { type: string; message: string }) => {
      assert.equal(type, "app_invalid");
      for (const part of [operation.name, called, ...ways]) assert(message.includes(part), message);
      return true;
    }));

it("an app that calls a command which starts it there does", async () => {
  const app = appOf(asks);
  await app.start({ keepsProcess: false });
  await app.stop();
});
