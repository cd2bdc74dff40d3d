import { type App, type AppSpec, createApp } from "plimsoll";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import type { ScratchModule } from "../scratch.ts";
import { testServers } from "../servers.ts";
import { type Shelf, shelf, shelfMigrations } from "./shelf.ts";

/** One process of an app with a shelf. */
export interface ShelfProcess extends AsyncDisposable {
  readonly app: App;
  readonly shelf: Shelf;
}

/** Processes of one app with a cached query, on one database. */
export class ShelfProcesses {
  readonly #migrations: ScratchModule;
  readonly database: TestDatabase;
  readonly #stop: () => Promise<void>;

  private constructor(migrations: ScratchModule, database: TestDatabase, stop: () => Promise<void>) {
    this.#migrations = migrations;
    this.database = database;
    this.#stop = stop;
  }

  static async open(): Promise<ShelfProcesses> {
    const servers = await testServers();
    const migrations = shelfMigrations();
    const database = await testDatabase({ modules: shelf(migrations).modules, server: servers[0]! });
    return new ShelfProcesses(migrations, database, async () => {
      for (const server of servers) await server.stop();
    });
  }

  async start(spec: Pick<AppSpec, "database" | "cache"> = {}): Promise<ShelfProcess> {
    const own = shelf(this.#migrations);
    const app = createApp({ modules: own.modules, database: this.database, rateLimit: { perSecond: 0 }, ...spec });
    await app.start();
    return { app, shelf: own, [Symbol.asyncDispose]: () => app.stop() };
  }

  async close(): Promise<void> {
    await this.database.drop();
    this.#migrations[Symbol.dispose]();
    await this.#stop();
  }
}
