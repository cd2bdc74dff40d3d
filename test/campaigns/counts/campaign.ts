import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { modules } from "../../../examples/shop/shop.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";

/** How many visits are sent in how many seconds, evenly, and how often the shop is killed meanwhile. */
export interface CountsSpec {
  readonly visits: number;
  readonly seconds: number;
  readonly kills: number;
  /** The same seed kills at the same moments. */
  readonly seed: number;
}

/** What was sent, what the log has, and what the shop counts. */
export interface CountsReport {
  readonly acknowledged: number;
  readonly attempts: number;
  readonly kills: number;
  /** Visits of each second by the log, and by the live view. */
  readonly logged: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  /** From the end of a second until a look at the live view had all of it: of all seconds but those in which the shop was down. */
  readonly shownAfterMs: readonly number[];
}

const drainMs = 60_000;
const retryMs = 100;
const lookMs = 250;

/** Sends visits to a shop that is killed and started again, each until it is acknowledged, and compares what is counted with the log. */
export async function countVisits(spec: CountsSpec): Promise<CountsReport> {
  const database = await testDatabase({ modules });
  const shop = new ShopProcess(database, await freePort(), await freePort());
  try {
    await shop.start();
    return await new Campaign(shop, database, spec).run();
  } finally {
    await shop.kill();
    shop.remove();
    await database.drop();
  }
}

class Campaign {
  readonly #shop: ShopProcess;
  readonly #database: TestDatabase;
  readonly #spec: CountsSpec;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #downs: { readonly from: number; readonly to: number }[] = [];
  /** When a look first had so many of a second. */
  readonly #seen = new Map<string, Map<number, number>>();
  #attempts = 0;
  #acknowledged = 0;
  #isOver = false;

  constructor(shop: ShopProcess, database: TestDatabase, spec: CountsSpec) {
    this.#shop = shop;
    this.#database = database;
    this.#spec = spec;
  }

  async run(): Promise<CountsReport> {
    const { visits, seconds, kills, seed } = this.#spec;
    const begun = performance.now();
    const clock = new TestClock({ seed });
    const moments = Array.from({ length: kills }, () => (0.1 + 0.8 * clock.random()) * seconds * 1_000).toSorted((a, b) => a - b);
    const looking = this.#look();
    const killing = this.#killAt(begun, moments);
    const sent = Array.from({ length: visits }, async (_, nth) => {
      await sleep(Math.max(0, begun + (nth * seconds * 1_000) / visits - performance.now()));
      await this.#visit(`visit-${seed}-${nth}`);
    });
    await Promise.all([...sent, killing]);
    const logged = await this.#logged();
    const counted = await this.#drained(visits);
    this.#isOver = true;
    await looking;
    this.#agent.destroy();
    return {
      ...{ acknowledged: this.#acknowledged, attempts: this.#attempts, kills, logged, counted },
      shownAfterMs: Object.entries(logged).flatMap(([second, count]) => this.#shownAfter(second, count)),
    };
  }

  /** Kills without a word, and starts again. */
  async #killAt(begun: number, moments: readonly number[]): Promise<void> {
    for (const moment of moments) {
      await sleep(Math.max(0, begun + moment - performance.now()));
      const from = Date.now();
      await this.#shop.kill();
      await this.#shop.start();
      this.#downs.push({ from, to: Date.now() });
    }
  }

  async #visit(key: string): Promise<void> {
    for (;;) {
      this.#attempts++;
      const status = await this.#ask("POST", "/v1/visits", { by: "ben", key, body: '{"page":"/products"}' }).then(
        (reply) => reply.status,
        () => 0,
      );
      if (status === 202) {
        this.#acknowledged++;
        return;
      }
      // A connection that broke, a shop that is overloaded, or the first request of this key, which still runs.
      assert.ok([0, 409, 429, 503, 504].includes(status), `a visit got ${status}`);
      await sleep(retryMs);
    }
  }

  async #look(): Promise<void> {
    // Once more at the end, for the last second.
    for (let isLast = false; !isLast; ) {
      isLast = this.#isOver;
      const seconds = await this.#live(15).catch(() => ({}));
      const now = Date.now();
      for (const [second, count] of Object.entries(seconds)) {
        const of = this.#seen.get(second) ?? new Map<number, number>();
        this.#seen.set(second, of);
        if (!of.has(count)) of.set(count, now);
      }
      await sleep(lookMs);
    }
  }

  #shownAfter(second: string, count: number): readonly number[] {
    const [from, to] = [Date.parse(`${second}Z`), Date.parse(`${second}Z`) + 1_000];
    const seenAt = this.#seen.get(second)?.get(count);
    // A shop that was down, or came up, showed nothing then.
    const wasDown = this.#downs.some((down) => down.from < to + lookMs && down.to + 2_000 > from);
    return wasDown ? [] : [seenAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, seenAt - to)];
  }

  async #live(seconds: number): Promise<Record<string, number>> {
    const { status, text } = await this.#ask("GET", `/v1/sales/live?seconds=${seconds}`, { by: "ada" });
    assert.equal(status, 200, text);
    const rows = (JSON.parse(text) as { readonly seconds: readonly { readonly second: string; readonly visits: number }[] }).seconds;
    return Object.fromEntries(rows.filter(({ visits }) => visits > 0).map(({ second, visits }) => [second.slice(0, 19), visits]));
  }

  /** What is counted when so many are, or in the end. */
  async #drained(visits: number): Promise<Record<string, number>> {
    const until = performance.now() + drainMs;
    for (;;) {
      const counted = await this.#live(3_600).catch(() => ({}));
      const sum = Object.values(counted).reduce((all, count) => all + count, 0);
      if (sum >= visits || performance.now() >= until) return counted;
      await sleep(retryMs);
    }
  }

  async #logged(): Promise<Record<string, number>> {
    const rows = await this.#database.admin<{ second: string; visits: number }>(
      `select to_char(date_trunc('second', recorded_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') as second, count(*)::int as visits
       from plimsoll.events where name = 'sales.visited' group by 1`,
    );
    return Object.fromEntries(rows.map(({ second, visits }) => [second, visits]));
  }

  #ask(method: string, path: string, { by, key, body }: { readonly by: string; readonly key?: string; readonly body?: string }) {
    const headers = {
      authorization: `Bearer ${this.#shop.token(by)}`,
      ...(key !== undefined && { "idempotency-key": key }),
      ...(body !== undefined && { "content-type": "application/json", "content-length": String(body.length) }),
    };
    return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
      const asked = request({ ...{ host: "127.0.0.1", port: this.#shop.port, agent: this.#agent }, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        response.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

/** The shop as `npm start` starts it, on a database of the test. */
class ShopProcess {
  readonly port: number;
  readonly #opsPort: number;
  readonly #directory = mkdtempSync(join(tmpdir(), "plimsoll-counts-"));
  readonly #database: TestDatabase;
  #child: ChildProcess | undefined;

  constructor(database: TestDatabase, port: number, opsPort: number) {
    this.#database = database;
    this.port = port;
    this.#opsPort = opsPort;
  }

  /** Resolves when it has said that it runs. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      ["--conditions=source", fileURLToPath(new URL("../../../examples/shop/main.ts", import.meta.url))],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          ...{ DATA_DIR: this.#directory, PORT: String(this.port), OPS_PORT: String(this.#opsPort) },
          ...{ DATABASE_URL: this.#database.url, ADMIN_DATABASE_URL: this.#database.adminUrl },
          // No payment is made: its provider need not be there.
          ...{ PAYMENTS_URL: "https://payments.invalid", PAYMENTS_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}` },
        },
      },
    );
    this.#child = child;
    let printed = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes("The shop runs")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`The shop ended with ${code}:\n${printed}`)));
    });
  }

  token(name: string): string {
    return readFileSync(join(this.#directory, "tokens", name), "utf8").trim();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
