import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testDatabase } from "plimsoll/testing";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { seen } from "../integration/scratch.ts";
import { act, bank, bankApp } from "./bank.ts";

describe("a projection whose batch was committed while its response was lost", () => {
  let database: TestDatabase;
  let writer: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    writer = await bankApp(database, { roles: ["serve"] });
  });
  after(async () => {
    await writer.stop();
    await database.drop();
  });

  const deposit = (cents: number) => writer.call(act, { kind: "deposit", account: "a", cents });
  const settled = () =>
    seen(
      database.adminUrl,
      "select from plimsoll.projection_freshness('bank.balances', array['bank.opened', 'bank.deposited', 'bank.withdrawn']) where started and next is null",
    );

  for (const effect of ["cut-after", "cut-before"] as const)
    it(`has each event once, also where more came before it knew: ${effect}`, async () => {
      const { hostname, port } = new URL(database.url);
      await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      const proxied = { ...database, ...postgres({ url: proxy.through(database.url), directUrl: database.url }) } as TestDatabase;
      const worker = await bankApp(proxied, { roles: ["worker"] });
      try {
        const [account] = await database.admin<{ cents: number }>(
          "select total_cents::int as cents from bank.balances where account = 'a'",
        );
        if (account === undefined) await writer.call(act, { kind: "open", account: "a" });
        await deposit(1);
        await settled();
        const faulted = proxy.faulted.next();
        proxy.next({ containing: "commit", effect });
        await deposit(10);
        await faulted;
        // Announced at once: the worker reads it together with the one before.
        await deposit(100);
        await settled();
        const [row] = await database.admin<{ cents: number }>("select total_cents::int as cents from bank.balances where account = 'a'");
        assert.equal(row?.cents, (account?.cents ?? 0) + 111);
      } finally {
        await worker.stop();
      }
    });
});

describe("the write that ends a batch", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [bank] });
    await database.admin(`insert into plimsoll.subscriptions (name, partitions) values ('bank.balances', 1);
      insert into plimsoll.subscription_partitions (subscription, partition, fence, owner, epoch, xid, seq)
        values ('bank.balances', 0, 7, 1, 1, '20', 5);
      insert into plimsoll.projection_rebuilds (name, total, epoch, xid, seq) values ('bank.balances', 9, 1, '20', 5)`);
  });
  after(() => database.drop());

  const ends = {
    "of a projection": (from: string, to: string) => `select plimsoll.complete_batch('bank.balances', 0, 7, ${from}, ${to})`,
    "of a rebuild": (from: string, to: string) => `select plimsoll.complete_rebuild_batch('bank.balances', 0, 7, ${from}, ${to}, 3)`,
  };
  for (const [what, end] of Object.entries(ends))
    for (const [name, from, to, takes] of [
      ["from where it stands", "1, '20', 5", "1, '21', 1", true],
      ["from before", "1, '20', 4", "1, '21', 1", false],
      ["from an earlier transaction", "1, '19', 9", "1, '21', 1", false],
      ["from an earlier epoch", "0, '20', 5", "1, '21', 1", false],
      ["from behind it", "1, '20', 6", "1, '21', 1", false],
      ["from where it stands to there", "1, '20', 5", "1, '20', 5", false],
    ] as const)
      it(`${what} is ${takes ? "taken" : "refused"} ${name}`, async () => {
        const written = database.admin(`begin; ${end(from, to)}; rollback`);
        await (takes ? written : assert.rejects(written, { type: "lease_lost" }));
      });
});
