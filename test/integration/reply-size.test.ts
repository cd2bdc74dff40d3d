import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { command, fault, module, signedIn } from "plimsoll";
import { type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { fail } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { bank } from "./bank/bank.ts";

// A reply is `{"text":"…"}`.
const envelope = 11;
const largest = limits.idempotencyReplyBytes - envelope;

const spec = {
  input: z.object({ id: z.string(), text: z.string().max(1_000_000) }),
  output: z.object({ text: z.string() }),
  access: signedIn(),
  budget: "5s",
} as const;
const kept = command("t.kept", {
  ...{ ...spec, idempotent: "key" },
  async run({ id, text }, { sql }) {
    await sql`insert into bank.said (id) values (${id})`.run();
    return { text };
  },
});
const said = command("t.said", { ...{ ...spec, idempotent: "no" }, run: async ({ text }) => ({ text }) });

const Refused = fault("refused", {
  code: "failed_precondition",
  details: z.object({ text: z.string() }),
  message: "It is refused. Ask for less.",
});
const refused = command("t.refused", {
  ...{ ...spec, idempotent: "key", faults: [Refused] },
  async run({ id, text }, { sql }) {
    await sql`insert into bank.said (id) values (${id})`.run();
    return fail(Refused, { text });
  },
});

describe("a reply", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    await database.admin("create table bank.said (id text primary key); grant all on bank.said to public");
  });
  after(() => database.drop());
  const start = () => testApp({ modules: [bank, module("t", { operations: [kept, said, refused] })], actor: testActor(), database });
  const ids = async () => (await database.admin("select id from bank.said order by id")).map(({ id }) => id);

  for (const [name, letter, bytes] of [
    ["ascii", "a", 1],
    ["chinese", "界", 3],
  ] as const) {
    it(`of ${name} letters that just fits is kept under its key and given again`, async () => {
      await using app = await start();
      const text = letter.repeat(Math.floor(largest / bytes));
      const input = { id: `fits-${name}`, text };
      for (let time = 0; time < 2; time++) assert.equal((await app.call(kept, input, { key: input.id })).text, text);
      assert.ok((await ids()).includes(input.id));
    });

    it(`of ${name} letters that does not is refused before the commit, by name, size and limit`, async () => {
      await using app = await start();
      const input = { id: `too-large-${name}`, text: letter.repeat(Math.floor(largest / bytes) + 1) };
      const executed = app.executed(kept);
      await assert.rejects(app.call(kept, input, { key: input.id }), { code: "internal" });
      const { fault } = await executed;
      assert.equal(fault?.type, "reply_too_large");
      const size = envelope + Buffer.byteLength(input.text);
      assert.match(fault.message, new RegExp(`^t\\.kept returned ${size} bytes, .* at most ${limits.idempotencyReplyBytes};.*Return less`));
      assert.ok(!(await ids()).includes(input.id));
      // The key is free for a reply that fits.
      await app.call(kept, { ...input, text: "" }, { key: input.id });
      assert.ok((await ids()).includes(input.id));
    });
  }

  it("that is a fault has details as bounded: what just fits is kept, more is refused by name, and nothing of it is kept", async () => {
    await using app = await start();
    const largestText = "a".repeat(largest);
    for (let time = 0; time < 2; time++)
      await assert.rejects(app.call(refused, { id: "details", text: largestText }, { key: "details-fit" }), { type: "refused" });

    const executed = app.executed(refused);
    await assert.rejects(app.call(refused, { id: "details", text: `${largestText}a` }, { key: "details" }), { code: "internal" });
    const { fault: seen } = await executed;
    assert.equal(seen?.type, "reply_too_large");
    assert.match(seen.message, /^t\.refused ended with refused, whose details have 262145 bytes, .* at most 262144; .*Put less/);
    assert.deepEqual(
      (await ids()).filter((id) => id === "details"),
      [],
    );
    // The key is free for a fault that fits.
    await assert.rejects(app.call(refused, { id: "details", text: "" }, { key: "details" }), { type: "refused", details: { text: "" } });
  });

  it("without a key may be larger", async () => {
    await using app = await start();
    const text = "a".repeat(limits.idempotencyReplyBytes);
    assert.equal((await app.call(said, { id: "no-key", text })).text, text);
  });
});
