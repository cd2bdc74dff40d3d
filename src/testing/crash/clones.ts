import pg from "pg";
import type { Module } from "../../operation/module.ts";
import { withClient } from "../../postgres/client.ts";
import { cloneDatabase, embeddedTestServer, type TestDatabase, type TestServer, testDatabase } from "../database.ts";
import { hasRoom, readConnections } from "../room.ts";
import { endOthers, saveRows } from "./rewind.ts";

/** The database of one run for the test, which reaches it without the app and without the proxy. */
export type CrashDatabase = Pick<TestDatabase, "url" | "adminUrl" | "admin">;

/** Databases that all begin alike: each is a copy of one that was prepared. */
export class Clones implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #base: TestDatabase;
  readonly #stopServer: () => Promise<void>;
  readonly #idle: CrashDatabase[] = [];
  readonly #clients = new Map<string, pg.Client>();
  #count = 0;
  /** Connected to none of them: it outlives each. */
  #counter: Promise<pg.Client> | undefined;
  #saved: Promise<unknown> | undefined;

  private constructor(server: TestServer, base: TestDatabase, stopServer: () => Promise<void>) {
    this.#server = server;
    this.#base = base;
    this.#stopServer = stopServer;
  }

  static async open(modules: readonly Module[], given: TestServer | undefined): Promise<Clones> {
    const server = given ?? (await embeddedTestServer());
    const base = await testDatabase({ modules, server });
    return new Clones(server, base, given === undefined ? () => server.stop() : async () => undefined);
  }

  /** What all are copies of. It must not change after the first copy, and no session may be connected to it. */
  get base(): CrashDatabase {
    return this.#base;
  }

  /** A copy of the base, for one user at a time. */
  async take(): Promise<CrashDatabase> {
    this.#saved ??= this.#base.admin(saveRows);
    await this.#saved;
    return this.#idle.pop() ?? this.#make();
  }

  /** Makes it as it was for the next who takes one, or drops it where a run has changed more than rows. */
  async release(database: CrashDatabase): Promise<void> {
    await database.admin(endOthers);
    const [row] = await database.admin<{ rewind: boolean }>("select plimsoll_crash.rewind()");
    if (row?.rewind) return void this.#idle.push(database);
    const name = nameOf(database.url);
    // Its connection would be held until all runs are over: with hundreds of them a server has none left.
    const client = this.#clients.get(name);
    this.#clients.delete(name);
    await client?.end();
    await withClient(this.#server.adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
  }

  /** Whether the server has room for so many connections more, beside what is left to others. */
  async hasRoom(connections: number): Promise<boolean> {
    this.#counter ??= connected(this.#server.adminUrl);
    const { rows } = await (await this.#counter).query<{ allowed: number; used: number }>(readConnections);
    return hasRoom(rows[0]!, connections);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients.values(), await this.#counter].map((client) => client?.end()));
    await withClient(this.#server.adminUrl, async (client) => {
      for (const name of this.#clients.keys()) await client.query(`drop database if exists ${name} with (force)`);
    });
    await this.#base.drop();
    await this.#stopServer();
  }

  async #make(): Promise<CrashDatabase> {
    const from = nameOf(this.#base.url);
    const name = `${from}_${++this.#count}`;
    await cloneDatabase(this.#server, { name, template: from });
    const adminUrl = renamed(this.#base.adminUrl, name);
    // One connection for all that the lab asks and does there: a new one for each question would cost more than the runs.
    const client = await connected(adminUrl);
    this.#clients.set(name, client);
    return {
      ...{ url: renamed(this.#base.url, name), adminUrl },
      admin: async (text, values) => (await (values === undefined ? client.query(text) : client.query(text, [...values]))).rows,
    };
  }
}

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function renamed(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
