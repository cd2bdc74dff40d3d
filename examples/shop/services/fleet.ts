import { type ChildProcess, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Given } from "./service.ts";
import type { ServiceName } from "./services.ts";

const program = fileURLToPath(new URL("./service.ts", import.meta.url));
const names: readonly ServiceName[] = ["identity", "orders", "payments", "gateway"];

/** What all services are given alike. */
export type FleetSpec = Pick<Given, "secret" | "directory" | "mailDirectory" | "database" | "pays"> & {
  readonly port?: number;
  readonly adminPort?: number;
};

/** The four services, each a process of its own. */
export class Fleet {
  readonly given: Omit<Given, "name">;
  readonly #children = new Map<ServiceName, ChildProcess>();

  private constructor(given: Omit<Given, "name">) {
    this.given = given;
  }

  /** Starts all of them, and resolves when they serve. */
  static async start({ port, adminPort, ...spec }: FleetSpec): Promise<Fleet> {
    const [identity, orders, payments, api, admin] = (await freePorts(5)) as [number, number, number, number, number];
    const at = (one: number) => `http://127.0.0.1:${one}`;
    const urls = { identity: at(identity), orders: at(orders), payments: at(payments) };
    const fleet = new Fleet({ ...spec, urls, port: port ?? api, adminPort: adminPort ?? admin });
    try {
      await Promise.all(names.map((name) => fleet.start(name)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  get url(): string {
    return `http://127.0.0.1:${this.given.port}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.given.adminPort}`;
  }

  /** Starts one, also again after it has ended. */
  async start(name: ServiceName): Promise<void> {
    const child = fork(program, {
      execArgv: ["--conditions=source", "--max-old-space-size=160"],
      env: {
        // What is compiled once is read by the others, and by those that start again.
        ...{ NODE_COMPILE_CACHE: join(this.given.directory, "compiled"), ...process.env },
        SERVICE: JSON.stringify({ ...this.given, name }),
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#children.set(name, child);
    const serving = once(child, "message");
    const ended = once(child, "exit").then(([code]) => {
      throw new TypeError(`The service ${name} ended with ${code} before it served. Its log is ${this.given.directory}/${name}.log.`);
    });
    await Promise.race([serving, ended]);
    ended.catch(() => undefined);
  }

  /** Ends one at once, as a crash would. */
  async kill(name: ServiceName): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await Promise.all(names.map((name) => this.kill(name)));
  }
}

/** Below what systems take for connections that go out: one of them could have a port before its service listens. */
const [lowestPort, beyondPorts] = [20_000, 30_000];

async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(lowestPort, beyondPorts);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    await new Promise((closed) => server.close(closed));
    found.add(port);
  }
  return [...found];
}
