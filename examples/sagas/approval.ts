// A saga that waits for a person, whose signal is checked. Run it with: node --conditions=source examples/sagas/approval.ts
import { createApp, module, saga } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const payOut = saga("wages.pay-out", {
  input: z.object({ name: z.string(), cents: z.int() }),
  budget: "30d",
  signals: { approved: z.object({ by: z.string().min(1) }), withdrawn: z.null() },
  async run({ name, cents }, { signal }) {
    const approved = await signal("approved", { within: "7d" });
    if (approved === undefined) return `nothing for ${name}`;
    return `${cents} for ${name}, approved by ${approved.by}`;
  },
});

if (import.meta.main) {
  const app = createApp({
    modules: [module("wages", { operations: [payOut] })],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
  });
  await app.start();
  const { id } = await app.sagas.start(payOut, { name: "Kim", cents: 1_200 });
  for (const by of ["", "Ann"])
    await app.sagas
      .signal(payOut, id, { name: "approved", payload: { by }, key: "approval" })
      .catch((error: Error) => console.log(error.message));
  console.log(await app.sagas.result(payOut, id));
  await app.stop();
}
