import { command, exponential, module, type Resource, resource, signedIn, task } from "plimsoll";
import { z } from "zod";

// Letters are written in a transaction, and sent by a task: to a carrier outside, by its key, and into the books, exactly once.

const Letter = z.object({ name: z.string() });

/** The service that carries letters away. */
export const carrier: Resource<{ carry(name: string, key: string): Promise<void> }> = resource("carrier");

export const sendLetter = task("post.send", {
  input: Letter,
  budget: "5s",
  retry: { attempts: 10, backoff: exponential("1s", { max: "1m" }) },
  uses: { carrier },
  async run({ name }, { carrier, key, upstream, commit }) {
    await upstream("carrier", () => carrier.carry(name, key));
    await commit(({ sql }) => sql`insert into post.sent (id, name) values (gen_random_uuid(), ${name})`.run());
  },
});

export const writeLetter = command("post.write", {
  input: Letter,
  output: Letter,
  access: signedIn(),
  idempotent: "key",
  budget: "2s",
  async run({ name }, { sql, newId, start }) {
    await sql`insert into post.letters (id, name) values (${newId()}, ${name})`.run();
    await start(sendLetter, { name });
    return { name };
  },
});

export const post = module("post", {
  schema: "post",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [writeLetter, sendLetter],
});
