import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { createApp, module, query } from "plimsoll";
import { http } from "plimsoll/http";
import { postgres } from "plimsoll/postgres";
import { FaultProxy, type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { EmbeddedPostgres } from "../../src/embedded/launcher.ts";
import type { PostgresSpec } from "../../src/postgres/database.ts";
import { bank, getBalance, withdraw } from "./bank/bank.ts";
import { connectionGauges } from "./bank/gauges.ts";
import { probe, read, write, writeOnce } from "./bank/probe.ts";
import { address, seen } from "./scratch.ts";

const alice = testActor({ id: "alice", tenant: "acme" });
const ping = query("t.ping", {
  ...{ input: z.object({}), output: z.object({}), access: "public", budget: "2s", http: "GET /v1/ping" },
  async run(_, { sql }) {
    await sql`select 1`.run();
    return {};
  },
});
const modules = [bank, probe, module("t", { operations: [ping] })];
const isRoot = process.getuid?.() === 0 && process.platform === "linux";

// A server of this file's own: it is stopped, and its disk fills up.
describe("PostgreSQL that fails", () => {
  let home: string;
  let server: EmbeddedPostgres;
  let database: TestDatabase;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "plimsoll-faults-"));
    chmodSync(home, 0o755);
    server = new EmbeddedPostgres({ directory: join(home, "data") });
    await server.start();
    database = await testDatabase({ modules, server: { name: "own", adminUrl: server.adminUrl, stop: () => server.stop() } });
  });
  after(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const start = (spec: Partial<PostgresSpec> = {}): Promise<TestApp> =>
    testApp({
      ...{ modules, actor: alice, surfaces: [http({ port: false })] },
      database: postgres({ url: database.url, connections: 4, ...spec }),
    });
  const served = (count: number) =>
    seen(database.adminUrl, "select 1 from pg_stat_activity where application_name = 'plimsoll-app' having count(*) = $1", [count]);

  it("stopped under load and started again: 503 with Retry-After, then recovery by itself, nothing lost and no connection leaked", async () => {
    await using app = await start();
    await database.admin("insert into bank.accounts (tenant_id, id, owner, balance) values ('acme', 1, 'alice', 100000)");
    const refusals = new Set<string>();
    let stop = false;
    let acknowledged = 0;
    const work = async (worker: number) => {
      for (let n = 0; !stop; n++) {
        for (let done = false; !done; ) {
          done = await app.call(withdraw, { id: 1, amount: 1 }, { key: `${worker}-${n}` }).then(
            () => true,
            ({ code, type, retryAfterMs }) => {
              assert.ok(code === "unavailable" || code === "aborted", `${code} ${type}`);
              assert.ok(retryAfterMs > 0, "it says when to come back");
              refusals.add(type);
              return new Promise<boolean>((resolve) => setTimeout(resolve, 5, false));
            },
          );
        }
        acknowledged++;
      }
    };
    const workers = Promise.all(Array.from({ length: 8 }, (_, worker) => work(worker)));
    for (let round = 1; round <= 2; round++) {
      const before = acknowledged;
      while (acknowledged < before + 20) await app.signals.executed.next();
      await server.stop();
      const response = await app.app.fetch(new Request("http://test/v1/ping"));
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "1");
      assert.equal(((await response.json()) as { type: string }).type, "urn:plimsoll:database_unavailable");
      await server.start();
    }
    const before = acknowledged;
    while (acknowledged < before + 20) await app.signals.executed.next();
    stop = true;
    await workers;
    assert.ok(refusals.has("database_unavailable"));
    assert.equal((await app.call(getBalance, { id: 1 })).balance, 100_000 - acknowledged);
    assert.equal((await database.admin("select from bank.entries")).length, acknowledged);
    const { open, idle, waiting } = connectionGauges(app.app);
    assert.deepEqual({ leaked: open - idle, waiting, bounded: open <= 4 }, { leaked: 0, waiting: 0, bounded: true });
    await served(open);
  });

  it("with a full disk: unavailable, nothing lost, and the same key does it once there is room", {
    skip: !isRoot && "needs root, to make a small disk",
  }, async () => {
    const disk = join(home, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
    try {
      const { uid, gid } = statSync(join(home, "data", "postgres"));
      chownSync(disk, uid, gid);
      chmodSync(disk, 0o700);
      await database.admin(`create tablespace small location '${disk}'`);
      await database.admin("create table bank.blobs (id text primary key, body text) tablespace small; grant all on bank.blobs to public");
      await database.admin("alter table bank.blobs alter body set storage external");
      await using app = await start();
      const insert = (id: number) => ({ texts: [`insert into bank.blobs values ('${id}', repeat('x', 200000))`] });
      let kept = 0;
      const full = { code: "unavailable", type: "database_full", retryAfterMs: 5_000 };
      for (let failed = false; !failed; ) {
        await app.call(write, insert(kept), { key: `blob-${kept}` }).then(
          () => kept++,
          (error) => {
            failed = true;
            assert.deepEqual({ code: error.code, type: error.type, retryAfterMs: error.retryAfterMs }, full);
          },
        );
      }
      assert.ok(kept > 1);
      await assert.rejects(app.call(write, insert(kept), { key: `blob-${kept}` }), full);
      assert.equal((await database.admin("select from bank.blobs")).length, kept);
      // Everything else goes on, on the same connections.
      await app.call(read, { text: "select count(*) from bank.blobs" });
      execFileSync("mount", ["-o", "remount,size=8m", disk]);
      await app.call(write, insert(kept), { key: `blob-${kept}` });
      await app.call(write, insert(kept), { key: `blob-${kept}` });
      assert.equal((await database.admin("select from bank.blobs")).length, kept + 1);
    } finally {
      await database.admin("drop table if exists bank.blobs");
      await database.admin("drop tablespace if exists small");
      execFileSync("umount", [disk]);
    }
  });

  describe("behind a network that swallows", () => {
    let proxy: FaultProxy;
    let app: TestApp;
    before(async () => {
      await database.admin("insert into bank.accounts (tenant_id, id, owner, balance) values ('acme', 2, 'alice', 100)");
    });
    beforeEach(async () => {
      const { hostname, port } = new URL(database.url);
      proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      app = await start({ url: proxy.through(database.url), connections: 2 });
    });
    afterEach(async () => {
      await app.stop();
      await proxy.stop();
    });
    /** The outcome of a call, and that it did not take for ever; afterwards every connection is free again. */
    const swallowed = async (containing: string, call: () => Promise<unknown>) => {
      proxy.next({ containing, effect: "swallow" });
      const since = performance.now();
      const error = await call().then(
        () => undefined,
        (fault) => fault,
      );
      assert.ok(performance.now() - since < 60_000, `it took ${performance.now() - since} ms`);
      while (connectionGauges(app.app).open > connectionGauges(app.app).idle) await database.admin("select 1");
      await app.call(read, { text: "select 1" });
      return error;
    };

    it("a statement: ends at the deadline", async () => {
      const text = "select 'swallowed'";
      const { code } = await swallowed("swallowed", () => app.call(read, { text }, { remainingMs: 200 }));
      assert.equal(code, "deadline_exceeded");
    });

    it("a commit: ends soon after the deadline, and the same key tells what happened", async () => {
      const call = (remainingMs: number) => app.call(withdraw, { id: 2, amount: 10 }, { key: "swallowed", remainingMs });
      const error = await swallowed("commit", () => call(300));
      assert.ok(["deadline_exceeded", "unavailable", "aborted"].includes(error.code), error.code);
      let reply: { balance: number } | undefined;
      while (reply === undefined) reply = await call(2_000).catch(() => undefined);
      assert.equal(reply.balance, 90);
      assert.equal((await app.call(getBalance, { id: 2 })).balance, 90);
    });

    it("a rollback: is not waited for", async () => {
      const { code } = await swallowed("rollback", () => app.call(writeOnce, { texts: ["select nonsense"] }));
      assert.equal(code, "internal");
    });

    it("a question whether the server is there: is answered with no", async () => {
      const error = await swallowed("select 1", () => runtimeOf(app.app).database?.ping() ?? Promise.resolve());
      assert.equal(error.code, "unavailable");
    });
  });

  describe("at an address that is wrong", () => {
    const wrong = (change: (url: URL) => void): string => {
      const url = new URL(database.url);
      change(url);
      return url.href;
    };
    const starting = async (url: string, adminUrl?: string) => {
      const app = createApp({ modules, database: postgres({ url, ...(adminUrl !== undefined && { adminUrl }) }) });
      try {
        await app.start();
      } finally {
        await app.stop();
      }
    };
    const unreachable = (message: RegExp) => ({ code: "unavailable", type: "database_unreachable", message });

    before(async () => {
      const path = join(home, "data", "postgres", "pg_hba.conf");
      writeFileSync(path, `host all plimsoll_test_app 127.0.0.1/32 scram-sha-256\n${readFileSync(path, "utf8")}`);
      await database.admin("select pg_reload_conf()");
      // The server reads it when it comes to it.
      await seen(
        database.adminUrl,
        "select 1 from pg_hba_file_rules where auth_method = 'scram-sha-256' and user_name = '{plimsoll_test_app}'",
      );
    });

    it("says so at the start, with what to check", async () => {
      const cases = [
        [(url: URL) => (url.hostname = "nowhere.invalid"), /nowhere\.invalid.*Check the host, port, database and password in the address/],
        [(url: URL) => (url.port = "1"), /ECONNREFUSED.*Check the host, port/],
        [(url: URL) => (url.password = "wrong"), /password authentication failed.*Check the user and the password/],
        [(url: URL) => (url.pathname = "/missing"), /database "missing" does not exist.*Create the database/],
        [(url: URL) => (url.username = "stranger"), /role "stranger" does not exist.*Create the role/],
      ] as const;
      for (const [change, message] of cases) await assert.rejects(starting(wrong(change)), unreachable(message));
    });

    it("says so too where only the application's part of it is wrong", async () => {
      const bad = wrong((url) => (url.password = "wrong"));
      await assert.rejects(starting(bad, database.adminUrl), unreachable(/password authentication failed/));
    });

    it("is refused where it is none, without showing the password", async () => {
      for (const url of ["postgres://app:hunter2@host:port/db", "hunter2"])
        await assert.rejects(starting(url), (error: Error) => {
          assert.match(error.message, /DATABASE_URL/);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        });
    });

    it("is refused where it names a superuser or the owner", async () => {
      const refused = { code: "failed_precondition", type: "database_role_refused" };
      await assert.rejects(starting(database.adminUrl), { ...refused, message: /is a superuser.*DATABASE_URL/ });
      await database.admin(
        "create role keeper login; alter table bank.entries owner to keeper; grant usage on schema bank, plimsoll to keeper; grant select on plimsoll.migrations to keeper",
      );
      await assert.rejects(starting(address(database.adminUrl, { user: "keeper" })), { ...refused, message: /owns the schema "bank"/ });
    });
  });
});
