import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scheduler } from "node:timers/promises";
import { type App, createApp, module, override } from "plimsoll";
import { type CrashSpec, type CrashWorld, crashTest, testActor } from "plimsoll/testing";
import { charity, donate } from "../../examples/03-idempotency.ts";
import { mail, mailer, placeOrder } from "../../examples/05-task.ts";
import { closeBooks, nightly } from "../../examples/06-schedule.ts";
import { archive, archives, cleaning } from "../../examples/07-lock.ts";
import { countStored, stored, taskTables } from "../tasks/books/task-tables.ts";

// The short form is a part of all, chosen by the seed; all of it: CRASH=all npm test -- test/crash/examples.test.ts
const most = process.env.CRASH === "all" ? {} : { most: 6 };

describe("each durable example in the crash lab", () => {
  const examples: readonly [string, (world: CrashWorld) => App, CrashSpec<void>][] = [
    [
      "03-idempotency takes each gift once, and says so",
      ({ database, clock }) => createApp({ modules: [charity], database, clock }),
      {
        async scenario({ call }) {
          const actor = testActor({ id: "ada", roles: ["donor"] });
          await call(donate, { cents: 500 }, { actor });
          await call(donate, { cents: 700 }, { actor });
        },
        async invariants({ database, ledger }) {
          assert.deepEqual(
            ledger.of(donate).map(({ output }) => output.totalCents),
            [500, 1_200],
          );
          assert.deepEqual(await database.admin("select count(*)::integer, sum(cents)::integer from charity.donations"), [
            { count: 2, sum: 1_200 },
          ]);
        },
      },
    ],
    [
      "05-task sends a receipt for each order, by one key, and writes it down once",
      ({ database, clock, outside }) =>
        createApp({
          modules: [mail],
          ...{ database, clock },
          provide: [override(mailer, outside("mailer", { send: async () => undefined }))],
        }),
      {
        scenario: ({ call }) => call(placeOrder, { orderId, email: "ada@example.com" }).catch(() => undefined),
        async invariants({ database, ledger }) {
          const receipts = await database.admin<{ order_id: string }>("select order_id from mail.receipts");
          const mails = ledger.calls("mailer.send").map(({ args: [sent] }) => (sent as { key: string }).key);
          // Placed without a response, it may be there or not: then there is no receipt, and no mail.
          if (ledger.of(placeOrder).length > 0) assert.deepEqual(receipts, [{ order_id: orderId }]);
          assert.equal(new Set(mails).size, receipts.length);
          assert.equal(await countStored(database, "deadLetters"), 0);
        },
      },
    ],
    [
      "06-schedule closes the books once for a night",
      ({ database, clock }) =>
        createApp({ modules: [module("books", { operations: [closeBooks], schedules: [nightly] })], ...{ database, clock } }),
      {
        async scenario({ app, database }) {
          await app();
          while ((await countStored(database, "schedules")) === 0) await scheduler.wait(5);
          // As if no worker had run for two nights.
          await database.admin(`update ${taskTables.schedules} set last_occurrence = last_occurrence - 172800000`);
        },
        settled: async ({ database }) =>
          (await database.admin(`select from ${taskTables.schedules} where last_occurrence > plimsoll.now_ms() - 86400000`)).length > 0,
        async invariants({ database }) {
          assert.deepEqual(await stored(database, "done", { columns: ["name"] }), [{ name: "books.close" }]);
        },
      },
    ],
    [
      "07-lock lets only the last holder write",
      ({ database, clock }) => createApp({ modules: [archives], ...{ database, clock } }),
      {
        async scenario({ call, app }) {
          const first = await held(app);
          const second = await held(app);
          assert.ok(second > first);
          await call(archive, { token: second });
          // The holder before comes late.
          await (await app()).call(archive, { token: first }).catch(() => undefined);
        },
        async invariants({ database, ledger }) {
          const acknowledged = ledger.of(archive).map(({ input }) => ({ token: input.token }));
          assert.deepEqual(await database.admin("select token::integer from archive.runs"), acknowledged);
          assert.equal(acknowledged.length, 1);
        },
      },
    ],
  ];
  for (const [what, makeApp, spec] of examples)
    it(what, async (t) => {
      const report = await crashTest(makeApp, { ...spec, ...most });
      t.diagnostic(report.summary);
      assert.ok(report.boundaries > 0);
    });
});

const orderId = "0199a000-0000-7000-8000-000000000001";

/** Has the lock, and lets it go; tries again where the holder died of it. Its lease must end first. */
async function held(app: () => Promise<App>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const living = await app();
    try {
      return await living.locks.hold(cleaning, async ({ token }) => token, { wait: "1s" });
    } catch (fault) {
      if (tries === 50) throw fault;
    }
  }
}
