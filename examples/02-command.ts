// A command is one transaction. Run it with: node --conditions=source examples/02-command.ts
import { command, createApp, fault, module, query } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { z } from "zod";

const Entry = z.object({ name: z.string(), text: z.string() });
const Rude = fault("rude", { code: "invalid_argument", message: "That is not nice. Write something else." });

const write = command("guestbook.write", {
  input: Entry,
  output: z.object({ count: z.int() }),
  faults: [Rude],
  access: "public",
  idempotent: "no",
  budget: "1s",
  async run({ name, text }, { sql, newId, fail }) {
    await sql`insert into guestbook.entries (id, name, text) values (${newId()}, ${name}, ${text})`.run();
    // Whatever was written before a fault is undone.
    if (/fool/i.test(text)) fail(Rude, {});
    return sql<{ count: number }>`select count(*) as count from guestbook.entries`.one();
  },
});

const read = query("guestbook.read", {
  input: z.object({}),
  output: z.object({ entries: z.array(Entry) }),
  access: "public",
  budget: "1s",
  run: async (_, { sql }) => ({ entries: await sql(Entry)`select name, text from guestbook.entries order by id`.many() }),
});

const guestbook = module("guestbook", {
  schema: "guestbook",
  migrations: new URL("./02-command/", import.meta.url),
  operations: [write, read],
});

const app = createApp({ modules: [guestbook], database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }) });
await app.start();
await app.call(write, { name: "Ada", text: "What a lovely place!" });
await app.call(write, { name: "Ben", text: "Only a fool would come back." }).catch(({ message }) => console.log(`Ben: ${message}`));
for (const { name, text } of (await app.call(read, {})).entries) console.log(`${name} wrote: ${text}`);
await app.stop();
