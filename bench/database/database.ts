import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { initialStock, products } from "./work.ts";

const prefix = "plimsoll_bench_";

/** A database made for one run of a bench. */
export interface Database {
  /** As the role of the application: neither superuser nor owner. */
  readonly url: string;
  readonly adminUrl: string;
  readonly version: string;
  /** How many units were sold since the start: each command sells one. */
  countSold(): Promise<number>;
  drop(): Promise<void>;
}

/** Makes a database with the bench's tables on a server of this machine, or on one of its own where none answers. */
export async function prepareDatabase(): Promise<Database> {
  const { serverUrl, stop } = await findServer();
  const name = `${prefix}${process.pid}`;
  const role = `${name}_app`;
  await withClient(serverUrl, async (client) => {
    await dropAbandoned(client);
    await client.query(`create role ${role} login nosuperuser nobypassrls password '${role}'`);
    await client.query(`create database ${name}`);
  });
  const adminUrl = withPath(serverUrl, { database: name });
  const { rows } = await withClient(adminUrl, async (client) => {
    const schema = readFileSync(new URL("schema.sql", import.meta.url), "utf8");
    await client.query(schema.replaceAll(":app", role).replaceAll(":products", String(products)));
    return client.query<{ server_version: string }>("show server_version");
  });
  return {
    url: withPath(serverUrl, { database: name, user: role }),
    adminUrl,
    version: rows[0]!.server_version,
    countSold: () =>
      withClient(adminUrl, async (client) => {
        const { rows } = await client.query<{ sold: string }>(`select sum(${initialStock} - stock) as sold from bench_hand.products`);
        return Number(rows[0]!.sold);
      }),
    async drop() {
      await withClient(serverUrl, async (client) => {
        await client.query(`drop database ${name} with (force)`);
        await client.query(`drop role ${role}`);
      });
      await stop();
    },
  };
}

/** Drops what runs left behind that were killed: the process that a name ends with is gone. */
async function dropAbandoned(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>("select rolname as name from pg_roles where starts_with(rolname, $1)", [prefix]);
  for (const { name: role } of rows) {
    const name = role.replace(/_app$/, "");
    if (isRunning(Number(name.slice(prefix.length)))) continue;
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
    await client.query(`drop role if exists ${client.escapeIdentifier(role)}`);
  }
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A server of this machine, or one of our own where none answers. */
export async function findServer(): Promise<{ readonly serverUrl: string; stop(): Promise<void> }> {
  const asked = process.env.BENCH_DATABASE_URL;
  const candidates = asked ? [asked] : ["postgres", "root"].map((user) => `postgres://${user}@127.0.0.1:5432/postgres`);
  for (const serverUrl of candidates)
    try {
      await withClient(serverUrl, (client) => client.query("select 1"));
      return { serverUrl, stop: async () => {} };
    } catch (error) {
      if (asked) throw new Error(`BENCH_DATABASE_URL does not answer: ${(error as Error).message}`, { cause: error });
    }
  const { EmbeddedPostgres } = await import("../../src/embedded/launcher.ts");
  const { systemClock } = await import("../../src/core/clock.ts");
  const directory = mkdtempSync(join(tmpdir(), "bench-postgres-"));
  const server = new EmbeddedPostgres({ directory, keepRunning: false, clock: systemClock });
  await server.start();
  return {
    serverUrl: server.adminUrl,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function withClient<T>(connectionString: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

export function withPath(serverUrl: string, { database, user }: { readonly database: string; readonly user?: string }): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  if (user !== undefined) [url.username, url.password] = [user, user];
  return url.href;
}
