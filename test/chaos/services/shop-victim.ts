import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Fleet, type ProcessName } from "../../../examples/shop/services/fleet.ts";
import { openInServices } from "../../../examples/shop/services/opening.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { EmbeddedPostgres } from "../../../src/embedded/launcher.ts";
import { choosePort } from "../../../src/embedded/port.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { ProviderVictim } from "../provider.ts";
import { PostgresVictim } from "../victims.ts";
import type { Beginning } from "./books.ts";

/** All processes of the shop: four services, the workers beside two of them, their PostgreSQL, and the payment provider. */
export const processes = ["identity", "orders", "payments", "gateway", "orders worker", "payments worker"] as const;

const secret = "mYq3v9Zt7Lw0sXcE5rUbN8hJ2kPdGfA1";

/** The shop as four services, any process of which can be killed, and is started again as a supervisor would. */
export class ShopVictim implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly server: PostgresVictim;
  readonly provider: ProviderVictim;
  readonly token: string;
  readonly beginning: Beginning;
  starts = 0;
  /** Services and workers that served and ended by themselves. */
  readonly ended: string[] = [];
  readonly #home: string;
  #stopped = false;
  /** Of each process that does not serve: until it does. */
  readonly #starting = new Map<ProcessName, Promise<void>>();

  private constructor(made: Pick<ShopVictim, "fleet" | "server" | "provider" | "token" | "beginning"> & { readonly home: string }) {
    this.fleet = made.fleet;
    this.server = made.server;
    this.provider = made.provider;
    this.token = made.token;
    this.beginning = made.beginning;
    this.#home = made.home;
    this.fleet.onEnd = (name, code) => {
      this.ended.push(`${name} ended with ${code}`);
      // What watches over it starts it again.
      this.kill(name);
    };
  }

  static async start(seed: number): Promise<ShopVictim> {
    const home = mkdtempSync(join(tmpdir(), "plimsoll-chaos-services-"));
    const database = join(home, "postgres");
    mkdirSync(database);
    const postgres = new EmbeddedPostgres({ directory: database });
    await postgres.start();
    const server = new PostgresVictim(database);
    const port = await choosePort(undefined, join(home, "provider-port"), systemClock);
    const provider = new ProviderVictim({ port, books: join(home, "books.jsonl"), seed });
    provider.start();
    const fleet = await Fleet.start({
      ...{ secret, directory: home, mailDirectory: join(home, "mail") },
      pays: { url: provider.url, allow: ["127.0.0.1"], secret: `whsec_${Buffer.alloc(24, 7).toString("base64")}`, timeoutMs: 500 },
    });
    await Promise.all([fleet.start("orders worker"), fleet.start("payments worker")]);
    const { people, productId = "" } = await openInServices(fleet.given);
    const token = people.find(({ name }) => name === "Ben")?.token ?? "";
    const beginning = { productId, stock: 1_000_000 };
    await withClient(server.adminUrl, (admin) =>
      admin.query("update catalog.products set stock = $2 where id = $1", [productId, beginning.stock]),
    );
    return new ShopVictim({ fleet, server, provider, token, beginning, home });
  }

  /** Kills a process; it is started again at once, and again where it does not come to serve. */
  kill(name: ProcessName): void {
    const killed = this.fleet.kill(name);
    // One that is killed while it starts is started again by who starts it: two of them would be two processes.
    if (this.#starting.has(name)) return;
    this.#starting.set(name, this.#startAgain(name, killed));
  }

  async #startAgain(name: ProcessName, killed: Promise<void>): Promise<void> {
    await killed;
    while (!this.#stopped) {
      this.starts++;
      const serves = await this.fleet.start(name).then(
        () => true,
        () => false,
      );
      if (serves) break;
      await wait(50);
    }
    this.#starting.delete(name);
  }

  /** Resolves when every process that was killed serves again. */
  async serves(): Promise<void> {
    await Promise.all(this.#starting.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.fleet.stop();
    await this.serves();
    await this.fleet.stop();
    await this.provider.stop();
    await this.server.stop();
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }
}
