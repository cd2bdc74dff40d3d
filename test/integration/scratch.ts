import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { systemClock } from "../../src/core/clock.ts";
import { withClient } from "../../src/postgres/client.ts";
import type { MigrationOwner } from "../../src/postgres/migration-files.ts";
import { ensureAppRole } from "../../src/postgres/roles.ts";
import type { TestServer } from "../../src/testing/database.ts";

/** An empty database with an owner who is no superuser, and a role for the application. */
export interface Scratch extends AsyncDisposable {
  readonly adminUrl: string;
  readonly url: string;
  readonly ownerRole: string;
  readonly appRole: string;
  /** As the server's superuser, in this database. */
  readonly superUrl: string;
  rows<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  /** As the application, in a transaction of that tenant, which is kept. */
  as<R extends pg.QueryResultRow>(tenant: string | undefined, ...texts: string[]): Promise<R[]>;
}

let made = 0;

export async function scratch(server: TestServer): Promise<Scratch> {
  const name = `plimsoll_scratch_${process.pid}_${++made}`;
  const [ownerRole, appRole] = [`${name}_owner`, `${name}_app`];
  await withClient(server.adminUrl, async (client) => {
    await client.query(`create role ${ownerRole} login password 'owner'`);
    await client.query(`create database ${name} owner ${ownerRole} template template0`);
    await ensureAppRole(client, { role: appRole, password: "app" });
  });
  const superUrl = address(server.adminUrl, { database: name });
  const url = address(superUrl, { user: appRole, password: "app" });
  return {
    superUrl,
    adminUrl: address(superUrl, { user: ownerRole, password: "owner" }),
    url,
    ownerRole,
    appRole,
    rows: <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      withClient(superUrl, async (client) => (await client.query<R>(text, values)).rows),
    as: (tenant, ...texts) => runAs(url, tenant, texts),
    [Symbol.asyncDispose]: () =>
      withClient(server.adminUrl, async (client) => {
        await client.query(`drop database ${name} with (force)`);
        await client.query(`drop role ${appRole}, ${ownerRole}`);
      }),
  };
}

async function runAs<R extends pg.QueryResultRow>(url: string, tenant: string | undefined, texts: readonly string[]): Promise<R[]> {
  await using client = await session(url, "begin");
  if (tenant !== undefined) await client.query("select set_config('plimsoll.tenant', $1, true)", [tenant]);
  let rows: R[] = [];
  for (const text of texts) ({ rows } = await client.query<R>(text));
  await client.query("commit");
  return rows;
}

export function address(url: string, change: { database?: string; user?: string; password?: string }): string {
  const changed = new URL(url);
  if (change.database !== undefined) changed.pathname = `/${change.database}`;
  if (change.user !== undefined) changed.username = change.user;
  if (change.password !== undefined) changed.password = change.password;
  return changed.href;
}

/** A module whose files are written into a folder of their own; write again to change them. */
export interface ScratchModule extends MigrationOwner, Disposable {
  readonly directory: string;
  write(files: Readonly<Record<string, string>>): void;
  remove(name: string): void;
}

export function scratchModule(files: Readonly<Record<string, string>>, schema = "stock"): ScratchModule {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-migrations-"));
  const write = (changed: Readonly<Record<string, string>>) => {
    for (const [name, sql] of Object.entries(changed)) writeFileSync(join(directory, name), sql);
  };
  write(files);
  return {
    name: schema,
    schema,
    migrations: pathToFileURL(`${directory}/`),
    directory,
    write,
    remove: (name) => rmSync(join(directory, name)),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Asks until there is a row; a test waits for what the server shows, not for time. */
export async function seen<R extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<R> {
  const until = systemClock.monotonic() + 60_000;
  return withClient(url, async (client) => {
    for (;;) {
      const { rows } = await client.query<R>(text, values);
      if (rows[0] !== undefined) return rows[0];
      assert.ok(systemClock.monotonic() <= until, `never seen: ${text}`);
      // Asked without a break, the server and this process would take both cores from what is waited for.
      await pause(5);
    }
  });
}

/** Runs SQL on a connection that stays open, as another session. */
export async function session(url: string, ...texts: string[]): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  for (const text of texts) await client.query(text);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
