import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type pg from "pg";
import { type App, createApp, exponential, module, task } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { z } from "zod";
import { sleep, systemClock } from "../../../src/core/clock.ts";
import { EmbeddedPostgres } from "../../../src/embedded/launcher.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { ensureAppRole } from "../../../src/postgres/roles.ts";
import { address } from "../../integration/scratch.ts";
import { gate } from "../../tasks/books/books.ts";
import { taskTables } from "../../tasks/books/task-tables.ts";

// The commit of a claim waits for no disk. So a server that crashes right behind one has forgotten it, and where the claimed row lay another one lies later.

const attempts: string[] = [];
const opens = new Map([
  ["first", gate()],
  ["second", gate()],
]);
const begins = new Map([
  ["first", gate()],
  ["second", gate()],
]);

const write = (queue: string) =>
  task(`books.write-${queue}`, {
    ...{ input: z.object({}), queue, budget: { deadline: "60s", concurrency: 1 } },
    retry: { attempts: 1_000, backoff: exponential("50ms", { max: "50ms" }) },
    async run(_input, { commit }) {
      attempts.push(queue);
      begins.get(queue)?.open();
      await opens.get(queue)?.opened;
      await commit(({ sql }) => sql`insert into books.written (name) values (${queue})`.run());
    },
  });
const [first, second] = [write("first"), write("second")];
const books = module("books", { schema: "books", migrations: new URL("./migrations/", import.meta.url), operations: [first, second] });

describe("a claim that a crash of the server has forgotten", () => {
  const home = mkdtempSync(join(tmpdir(), "plimsoll-claims-"));
  const server = new EmbeddedPostgres({ directory: join(home, "data") });
  const apps: App[] = [];
  const start = async (role: "serve" | "worker") => {
    const url = address(server.adminUrl, { user: "books_app", password: "app" });
    const app = createApp({
      ...{ modules: [books], database: postgres({ url, adminUrl: server.adminUrl }), roles: [role], rateLimit: { perSecond: 0 } },
      tasks: { queues: { first: {}, second: {} } },
    });
    apps.push(app);
    await app.start();
    return app;
  };
  const ask = <R extends pg.QueryResultRow>(text: string) =>
    withClient(server.adminUrl, async (client) => (await client.query<R>(text)).rows);
  /** Waits until there is such a row; meanwhile the server may be away. */
  const until = async <R extends pg.QueryResultRow>(text: string): Promise<R> => {
    for (;;) {
      const [row] = await ask<R>(text).catch(() => []);
      if (row !== undefined) return row;
      await sleep(systemClock, 20);
    }
  };
  const placeOf = async (queue: string) =>
    (
      await until<{ place: string }>(
        `select ctid::text as place from ${taskTables.tasks} where queue = '${queue}' and lease is not null order by ctid limit 1`,
      )
    ).place;
  before(async () => {
    await server.start();
    await withClient(server.adminUrl, (client) => ensureAppRole(client, { role: "books_app", password: "app" }));
  });
  after(async () => {
    await Promise.all(apps.map((app) => app.stop({ withinMs: 100 })));
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it("lets no task end for another that lies where it lay: each is done, and once", { timeout: 120_000 }, async () => {
    const serves = await start("serve");
    const [writer] = await ask<{ pid: number }>("select pid from pg_stat_activity where backend_type = 'walwriter'");
    await serves.tasks.pause("second");
    // One runs and one waits for it, so that the worker claims nothing of that name for now.
    await serves.tasks.startMany(first, [{}, {}]);
    await serves.tasks.startMany(second, [{}]);
    // It brings the commits to the disk that wait for none.
    process.kill(writer!.pid, "SIGSTOP");
    await start("worker");
    await begins.get("first")?.opened;
    const place = await placeOf("first");
    process.kill(writer!.pid, "SIGKILL");
    await until(`select from ${taskTables.tasks} where queue = 'first' and lease is null`);
    while (
      !(await serves.tasks.resume("second").then(
        () => true,
        () => false,
      ))
    )
      await sleep(systemClock, 20);
    await begins.get("second")?.opened;
    assert.equal(await placeOf("second"), place, "the claim of the second task lies where that of the first one lay");
    opens.get("first")?.open();
    await until("select from books.written");
    opens.get("second")?.open();
    await until(`select where not exists (select from ${taskTables.tasks}) and not exists (select from ${taskTables.later})`);
    const written = await ask<{ name: string }>("select name from books.written order by 1");
    assert.deepEqual(
      written.map(({ name }) => name),
      ["first", "first", "second"],
      `attempts: ${attempts}`,
    );
  });
});
