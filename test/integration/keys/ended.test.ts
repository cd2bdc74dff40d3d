import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, fault, module, signedIn } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { savepointText } from "../../../src/postgres/statements.ts";
import { WireProxy } from "../../../src/testing/crash/wire-proxy.ts";

const Refused = fault("refused", { code: "internal", message: "Refused." });
const refuses = command("t.refuses", {
  ...{ input: z.object({}), output: z.object({}), access: signedIn(), idempotent: "key", budget: "5s", faults: [Refused] },
  run: async (_, { fail }) => fail(Refused, undefined as never),
});
const modules = [module("t", { operations: [refuses] })];

describe("a key whose request has failed", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules });
  });
  after(() => database.drop());

  it("is free when the caller gets the fault, also where the response to the savepoint comes late", async () => {
    // Each savepoint reaches the server only after the response to the claim before it, and a moment.
    const late = new WireProxy(database.url, {
      passes: async (_, unit, quiet) => {
        if (unit.text === savepointText) {
          await quiet();
          for (let turn = 0; turn < 5; turn++) await database.admin("select 1");
        }
        return { way: "pass" };
      },
    });
    await late.start();
    const app = await testApp({ modules, actor: testActor(), database: postgres({ url: late.through(database.url), connections: 2 }) });
    try {
      for (let nth = 0; nth < 4; nth++) await assert.rejects(app.call(refuses, {}, { key: "one" }), { type: "refused" });
    } finally {
      await app.stop();
      await late.stop();
    }
  });
});
