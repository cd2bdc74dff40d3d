// One at a time in the whole fleet. Run it with: node --conditions=source examples/07-lock.ts
import { command, createApp, type Fault, lock, module } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

export const cleaning = lock("archive.cleaning", { lease: "10s" });

export const archive = command("archive.run", {
  input: z.object({ token: z.int() }),
  output: z.object({}),
  access: "public",
  idempotent: "natural",
  budget: "5s",
  async run({ token }, { sql }) {
    await cleaning.fence(sql, token);
    await sql`insert into archive.runs (token) values (${token}) on conflict do nothing`.run();
    return {};
  },
});

export const archives = module("archive", { schema: "archive", migrations: new URL("./07-lock/", import.meta.url), operations: [archive] });

if (import.meta.main) {
  const app = createApp({
    modules: [archives],
    database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
  });
  await app.start();
  const held = await app.locks.hold(cleaning, async ({ token, signal }) => {
    signal.throwIfAborted();
    await app.call(archive, { token });
    return token;
  });
  // Another holder has acquired it, so later writes of the first holder are refused.
  await app.locks.hold(cleaning, async ({ token }) => {
    console.log(`a higher token: ${token > held}`);
    await app.call(archive, { token: held }).catch((fault: Fault) => console.log(`the first holder: ${fault.type}`));
  });
  await app.stop();
}
