import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { DatabaseSource } from "../app/database.ts";
import { systemClock } from "../core/clock.ts";
import { EmbeddedPostgres } from "../embedded/launcher.ts";
import type { Module } from "../operation/module.ts";
import { withClient } from "../postgres/client.ts";
import { postgres } from "../postgres/database.ts";
import { migrate } from "../postgres/migrate.ts";
import { readMigrations } from "../postgres/migration-files.ts";
import { ensureAppRole } from "../postgres/roles.ts";
import { OwnerSession } from "./owner-session.ts";
import { recorded } from "./statement-record.ts";

/** A PostgreSQL server that tests may use, as its superuser. */
export interface TestServer {
  readonly name: string;
  readonly adminUrl: string;
  /** Whether it waits for its disks. *Default*: true. */
  readonly fsync?: boolean;
  stop(): Promise<void>;
}

/** A database of one test file, cloned from a migrated template. */
export interface TestDatabase extends DatabaseSource, AsyncDisposable {
  /** The address for the application's role. */
  readonly url: string;
  /** The address for the owner. */
  readonly adminUrl: string;
  /**
   * Runs SQL as the owner, whom row-level security does not restrict. It runs again where PostgreSQL ended it to resolve a deadlock,
   * at most 5 times: tables can be cleared beside a running app. Each call has a session of its own, or one in which nothing was set.
   */
  admin<R extends Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Takes an advisory lock for which a handler under test can wait. */
  hold(lock: number): Promise<{ release(): Promise<void> }>;
  /** Waits until a session waits for that lock; returns the process id of its backend. */
  waitForWaiter(lock: number): Promise<number>;
  drop(): Promise<void>;
}

const role = "plimsoll_test_app";
const templateLock = 0x706c7465;

/** Returns the embedded server, which all test files that run at the same time share. The last one stops it. It does not wait for disks (`fsync` is off). */
export async function embeddedTestServer(): Promise<TestServer> {
  const directory = join(tmpdir(), `plimsoll-test-${process.getuid?.() ?? "user"}`);
  // Tests kill processes, not machines: a third of the time of a suite would be waiting for disks. Several files at a time run apps of several connections each.
  const server = new EmbeddedPostgres({ directory, fsync: false, connections: 300 });
  await server.start();
  return { name: "embedded", adminUrl: server.adminUrl, fsync: false, stop: () => server.stop() };
}

/**
 * Creates a database for one test file: a clone of a template in which the modules' migrations have run.
 * *Defaults*: on the embedded server.
 * @example
 * await using database = await testDatabase({ modules: [orders] });
 * await using app = await testApp({ modules: [orders], database });
 */
export async function testDatabase(spec: { readonly modules: readonly Module[]; readonly server?: TestServer }): Promise<TestDatabase> {
  const server = spec.server ?? (await embeddedTestServer());
  const name = `plimsoll_test_${process.pid}_${systemClock.uuid().replaceAll("-", "").slice(-12)}`;
  const template = await ensureTemplate(server, spec.modules);
  await cloneDatabase(server, { name, template });
  const adminUrl = inDatabase(server.adminUrl, name);
  const url = asRole(adminUrl);
  const owner = new OwnerSession(adminUrl);
  const drop = async () => {
    await owner.close();
    await withClient(server.adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
    if (spec.server === undefined) await server.stop();
  };
  return {
    ...recorded(postgres({ url })),
    url,
    adminUrl,
    admin: (text, values = []) => owner.run(text, values),
    hold: async (lock) => {
      const client = new pg.Client({ connectionString: adminUrl });
      await client.connect();
      await client.query("select pg_advisory_lock($1)", [lock]);
      return { release: () => client.end() };
    },
    waitForWaiter: async (lock) => {
      const waiters = "select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted";
      for (;;) {
        const rows = await owner.run<{ pid: number }>(waiters, [lock]);
        if (rows[0] !== undefined) return rows[0].pid;
      }
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

/** Makes a database that begins as another one, to which no session is connected. */
export async function cloneDatabase({ adminUrl, fsync = true }: TestServer, { name, template }: { name: string; template: string }) {
  // Where nothing waits for disks, copying files takes half of the processor time of copying by the log.
  const strategy = fsync ? "wal_log" : "file_copy";
  await withClient(adminUrl, (client) => client.query(`create database ${name} template ${template} strategy ${strategy}`));
}

/** Migrates a template once for all processes whose modules have the same migrations. */
async function ensureTemplate(server: TestServer, modules: readonly Module[]): Promise<string> {
  const template = templateOf(modules);
  await withClient(server.adminUrl, async (client) => {
    await client.query("select pg_advisory_lock($1)", [templateLock]);
    if (await isThere(client, template)) return;
    await ensureAppRole(client, { role, password: role });
    // Of its migrations, those of Plimsoll itself take nearly all of the time, and are the same for all modules.
    const own = templateOf([]);
    if (!(await isThere(client, own))) await makeTemplate(server, client, { template: own, from: "template0", modules: [] });
    if (own !== template) await makeTemplate(server, client, { template, from: own, modules });
  });
  return template;
}

interface Template {
  readonly template: string;
  readonly from: string;
  readonly modules: readonly Module[];
}

/** A template has its name only when it is whole. */
async function makeTemplate(server: TestServer, client: pg.Client, { template, from, modules }: Template): Promise<void> {
  const making = `${template}_new`;
  await client.query(`drop database if exists ${making} with (force)`);
  await cloneDatabase(server, { name: making, template: from });
  const ownerUrl = inDatabase(server.adminUrl, making);
  await migrate({ modules, adminUrl: ownerUrl, url: asRole(ownerUrl), clock: systemClock });
  await client.query(`alter database ${making} rename to ${template}`);
}

function templateOf(modules: readonly Module[]): string {
  const files = readMigrations(modules).flatMap((module) => module.files);
  const hash = createHash("sha256")
    .update(files.map((file) => `${file.module}/${file.name}:${file.checksum}`).join())
    .digest("hex");
  return `plimsoll_template_${hash.slice(0, 16)}`;
}

async function isThere(client: pg.Client, database: string): Promise<boolean> {
  return (await client.query("select from pg_database where datname = $1", [database])).rowCount === 1;
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

function asRole(url: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = role;
  return changed.href;
}
