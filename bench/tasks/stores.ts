import { Redis } from "ioredis";
import pg from "pg";
import { findServer, isRunning, withClient, withPath } from "../database/database.ts";
import { type Fsync, startRedis } from "./redis-server.ts";
import { startStatementProxy } from "./statement-proxy.ts";
import { queueName, type TaskTarget } from "./system.ts";

export type StoreUrls = Pick<TaskTarget, "url" | "appUrl">;

/** What holds the tasks of one system for a while, as seen from outside. */
export interface Store {
  readonly urls: StoreUrls;
  /** Gives the server the rest that it would take by itself in time: statistics, vacuum, and a checkpoint. */
  rest(): Promise<void>;
  /** Whether no task waits or is under way. */
  isDone(): Promise<boolean>;
  /** How many tasks wait. */
  countWaiting(): Promise<number>;
  /** What all tables and indexes, or the memory, take. *Units*: 10^6 bytes. */
  sizeMb(): Promise<number>;
  /** Counts the statements, or commands, of every client that connects at `urls`. */
  countStatements(): Promise<StatementCount>;
  drop(): Promise<void>;
}

export interface StatementCount {
  readonly urls: StoreUrls;
  read(): Promise<number>;
  close(): Promise<void>;
}

/** A server on which stores are made. */
export interface Stores {
  readonly facts: Readonly<Record<string, unknown>>;
  /** `pending`: the tasks that are not done, in SQL, behind `from`. Redis needs none. */
  create(pending: string): Promise<Store>;
  stop(): Promise<void>;
}

const prefix = "plimsoll_tasks_";

export async function startPostgresStores(): Promise<Stores> {
  const { serverUrl, stop } = await findServer();
  const role = `${prefix}${process.pid}_app`;
  let made = 0;
  const facts = await withClient(serverUrl, async (client) => {
    await dropAbandoned(client);
    await client.query(`create role ${role} login nosuperuser nobypassrls password '${role}'`);
    const { rows } = await client.query(`select current_setting('server_version') as postgres,
      current_setting('synchronous_commit') as "synchronousCommit", current_setting('autovacuum') as autovacuum`);
    return rows[0] as Record<string, unknown>;
  });
  return {
    facts,
    async create(pending) {
      const name = `${prefix}${process.pid}_${made++}`;
      await withClient(serverUrl, (client) => client.query(`create database ${name}`));
      const url = withPath(serverUrl, { database: name });
      return openPostgresStore({ url, appUrl: withPath(serverUrl, { database: name, user: role }), pending, serverUrl, name, role });
    },
    async stop() {
      await withClient(serverUrl, async (client) => {
        // Those of a round that failed, before the role that is named in them.
        for (let number = 0; number < made; number++)
          await client.query(`drop database if exists ${prefix}${process.pid}_${number} with (force)`);
        await client.query(`drop role ${role}`);
      });
      await stop();
    },
  };
}

interface PostgresStoreOptions extends StoreUrls {
  readonly pending: string;
  readonly serverUrl: string;
  readonly name: string;
  readonly role: string;
}

async function openPostgresStore({ url, appUrl, pending, serverUrl, name, role }: PostgresStoreOptions): Promise<Store> {
  const admin = new pg.Client({ connectionString: url });
  admin.on("error", () => {});
  await admin.connect();
  // The row of business that goes with a task.
  await admin.query(`create schema bench;
    create table bench.orders (id bigint generated always as identity primary key, note text not null);
    grant usage on schema bench to ${role}; grant select, insert on bench.orders to ${role}`);
  return {
    urls: { url, appUrl },
    async rest() {
      await admin.query("vacuum (analyze)");
      await admin.query("checkpoint").catch(() => {});
    },
    isDone: async () => (await admin.query(`select 1 from ${pending} limit 1`)).rowCount === 0,
    countWaiting: async () => Number((await admin.query<{ count: string }>(`select count(*) from ${pending}`)).rows[0]!.count),
    async sizeMb() {
      const { rows } = await admin.query<{ bytes: string }>(`select sum(pg_total_relation_size(c.oid)) as bytes
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'bench')`);
      return Number(rows[0]!.bytes) / 1e6;
    },
    async countStatements() {
      const { hostname, port } = new URL(url);
      const proxy = await startStatementProxy({ host: hostname, port: Number(port || 5432) });
      const through = (to: string) => Object.assign(new URL(to), { hostname: "127.0.0.1", port: String(proxy.port) }).href;
      return {
        urls: { url: through(url), appUrl: through(appUrl) },
        read: async () => proxy.statements,
        close: () => proxy.close(),
      };
    },
    async drop() {
      await admin.end();
      await withClient(serverUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** Drops what runs left behind that were killed: the process in the name is gone. */
async function dropAbandoned(client: pg.Client): Promise<void> {
  for (const [names, drop] of [
    [
      "select datname as name from pg_database where starts_with(datname, $1)",
      (name: string) => `drop database if exists ${name} with (force)`,
    ],
    ["select rolname as name from pg_roles where starts_with(rolname, $1)", (name: string) => `drop role if exists ${name}`],
  ] as const) {
    const { rows } = await client.query<{ name: string }>(names, [prefix]);
    for (const { name } of rows)
      if (!isRunning(Number.parseInt(name.slice(prefix.length), 10))) await client.query(drop(client.escapeIdentifier(name)));
  }
}

/** Stores on a Redis of our own; undefined where none is installed. */
export async function startRedisStores(fsync: Fsync): Promise<Stores | undefined> {
  const server = await startRedis(fsync);
  if (server === undefined) return undefined;
  const redis = new Redis(server.url);
  return {
    facts: { redis: server.version },
    async create() {
      await redis.flushall();
      return redisStore(redis, server.url);
    },
    async stop() {
      redis.disconnect();
      await server.stop();
    },
  };
}

function redisStore(redis: Redis, url: string): Store {
  const urls = { url, appUrl: url };
  const key = (name: string) => `bull:${queueName(0)}:${name}`;
  return {
    urls,
    rest: async () => {},
    isDone: async () => (await Promise.all([redis.llen(key("wait")), redis.llen(key("active"))])).every((length) => length === 0),
    countWaiting: () => redis.llen(key("wait")),
    async sizeMb() {
      const info = await redis.info("memory");
      return Number(/^used_memory:(\d+)/m.exec(info)![1]) / 1e6;
    },
    async countStatements() {
      const read = async () => {
        const stats = (await redis.info("commandstats")).matchAll(/^cmdstat_([^:|]+)\S*:calls=(\d+)/gm);
        return [...stats].reduce((sum, [, name, calls]) => (name === "info" ? sum : sum + Number(calls)), 0);
      };
      const before = await read();
      return { urls, read: async () => (await read()) - before, close: async () => {} };
    },
    drop: async () => {
      await redis.flushall();
    },
  };
}
