import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, override } from "plimsoll";
import { crashTest, testActor } from "plimsoll/testing";
import { buyTicket, cards, tickets } from "./tickets.ts";

const ada = testActor({ id: "ada", tenant: "opera" });
const ben = testActor({ id: "ben", tenant: "opera" });

test("a ticket that was promised is there, and is paid for once", async (t) => {
  const report = await crashTest(
    ({ database, clock, outside }) =>
      createApp({
        modules: [tickets],
        ...{ database, clock },
        tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant },
        provide: [override(cards, outside("cards", { charge: async () => undefined }))],
      }),
    {
      async scenario({ call, quiet }) {
        await call(buyTicket, { seat: "A1" }, { actor: ada });
        await quiet();
        await assert.rejects(call(buyTicket, { seat: "A1" }, { actor: ben }), { type: "seat_taken" });
      },
      async invariants({ database, ledger }) {
        const sold = await database.admin<{ id: string; seat: string; paid: boolean }>("select id, seat, paid from tickets.tickets");
        const promised = ledger.of(buyTicket).map(({ input, output }) => ({ id: output.ticketId, seat: input.seat, paid: true }));
        assert.deepEqual(sold, promised, "what was promised, and nothing else, is sold and paid for");
        const keys = ledger.calls("cards.charge").map(({ args: [charge] }) => (charge as { key: string }).key);
        assert.equal(new Set(keys).size, sold.length, "however often the bank was asked, by the keys it is one charge for each ticket");
      },
      most: 60,
    },
  );
  t.diagnostic(report.summary);
});
