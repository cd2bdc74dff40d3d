// The shelf in a process of its own: node server.ts <url of the database>. Prints its address.
import { action, command, createApp, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { postgres } from "plimsoll/postgres";
import { z } from "zod";
import { byName, shelfOf } from "./shelf.ts";

const Name = z.object({ name: z.string() });

export const store = command("shelf.store", {
  input: Name,
  output: z.object({ id: z.string() }),
  access: signedIn(),
  idempotent: "key",
  budget: "10s",
  http: "POST /store",
  async run({ name }, { sql, newId }) {
    const id = newId();
    await sql`insert into shelf.items (id, name) values (${id}, ${name})`.run();
    return { id };
  },
});
export const receive = action("shelf.receive", {
  input: Name,
  output: z.object({ ids: z.array(z.string()) }),
  access: signedIn(),
  idempotent: "no",
  budget: "10s",
  http: "POST /receive",
  run: async ({ name }, { call }) => ({ ids: [(await call(store, { name })).id, (await call(store, { name })).id] }),
});

const app = createApp({
  modules: [shelfOf([store, receive])],
  database: postgres({ url: process.argv[2]! }),
  authentication: byName,
  surfaces: [http({ port: 0, host: "127.0.0.1" })],
});
await app.start();
process.stdout.write(`${app.urls.surfaces[0]}\n`);
setInterval(() => undefined, 1_000);
