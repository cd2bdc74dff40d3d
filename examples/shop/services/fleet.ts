import { type ChildProcess, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Given } from "./service.ts";
import type { Part, ServiceName } from "./services.ts";

const program = fileURLToPath(new URL("./service.ts", import.meta.url));
const names: readonly ServiceName[] = ["identity", "orders", "payments", "gateway"];

/** A process: a service, or a worker beside one, which only runs its tasks and sagas. */
export type ProcessName = ServiceName | `${Part} worker`;

/** What all services are given alike. */
export type FleetSpec = Omit<Given, "name" | "urls" | Ports> & Partial<Pick<Given, Ports>>;
type Ports = "port" | "adminPort" | "noticesPort" | "opsPorts";

/** The four services, each a process of its own. */
export class Fleet {
  readonly given: Omit<Given, "name">;
  readonly #children = new Map<ProcessName, ChildProcess>();
  /** Called when a process that served has ended by itself, without a signal. */
  onEnd: (name: ProcessName, code: number | null) => void = () => undefined;

  private constructor(given: Omit<Given, "name">) {
    this.given = given;
  }

  /** Starts all of them, and resolves when they serve. */
  static async start(spec: FleetSpec): Promise<Fleet> {
    const free = (await freePorts(10))[Symbol.iterator]();
    const next = () => free.next().value as number;
    const at = () => `http://127.0.0.1:${next()}`;
    const fleet = new Fleet({
      ...{ urls: { identity: at(), orders: at(), payments: at() }, port: next(), adminPort: next(), noticesPort: next() },
      opsPorts: { identity: next(), orders: next(), payments: next(), gateway: next() },
      ...spec,
    });
    try {
      await Promise.all(names.map((name) => fleet.start(name)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  get url(): string {
    return `${this.given.tls ? "https" : "http"}://127.0.0.1:${this.given.port}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.given.adminPort}`;
  }
  /** Where the provider sends its notices. */
  get noticesUrl(): string {
    return `http://127.0.0.1:${this.given.noticesPort}/v1/payment-notices`;
  }
  /** The pages of health, metrics and limits, one for each service. */
  get opsUrls(): readonly string[] {
    return Object.values(this.given.opsPorts).map((port) => `http://127.0.0.1:${port}`);
  }

  /** Starts one, also again after it has ended. */
  async start(own: ProcessName): Promise<void> {
    const [name, worker] = own.split(" ");
    const child = fork(program, {
      execArgv: ["--conditions=source", "--max-old-space-size=160"],
      env: {
        // What is compiled once is read by the others, and by those that start again.
        ...{ NODE_COMPILE_CACHE: join(this.given.directory, "compiled"), ...process.env },
        SERVICE: JSON.stringify({ ...this.given, name, worksOnly: worker !== undefined }),
      },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#children.set(own, child);
    const serving = once(child, "message");
    const ended = once(child, "exit").then(([code]) => {
      throw new TypeError(`The service ${own} ended with ${code} before it served. Its log is ${this.given.directory}/${name}.log.`);
    });
    await Promise.race([serving, ended]);
    ended.catch(() => undefined);
    child.once("exit", (code, signal) => {
      if (signal === null) this.onEnd(own, code);
    });
  }

  /** Ends one at once, as a crash would. */
  async kill(name: ProcessName): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((name) => this.kill(name)));
  }
}

/** Below what systems take for connections that go out: one of them could have a port before its service listens. */
const [lowestPort, beyondPorts] = [20_000, 30_000];

/** Finds so many that no program has. */
export async function freePorts(count: number): Promise<readonly number[]> {
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
