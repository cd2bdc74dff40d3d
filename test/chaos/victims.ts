import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/core/clock.ts";
import { EmbeddedPostgres } from "../../src/embedded/launcher.ts";
import { findPostmaster, type Postmaster } from "../../src/embedded/postmaster.ts";
import { commandLine, isAlive } from "../../src/embedded/process.ts";
import { stopServer } from "../../src/embedded/server.ts";
import type { PlantedName } from "./ledger/planted.ts";

/** A process that is started again whenever it ends: as any supervisor of services does. */
export class ProcessVictim {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #stopped = false;
  /** What the processes wrote: a failed start says why there. */
  output = "";
  starts = 0;
  /** Processes that had begun to serve and ended without a signal: one line for each, with the end of what it wrote. None should. */
  readonly ended: string[] = [];

  constructor(program: string, env: NodeJS.ProcessEnv) {
    this.#program = fileURLToPath(new URL(program, import.meta.url));
    this.#env = { ...process.env, ...env, NODE_ENV: "production" };
  }

  start(): void {
    if (this.#stopped) return;
    this.starts++;
    const child = spawn(process.execPath, ["--conditions=source", this.#program], { env: this.#env, stdio: ["ignore", "pipe", "pipe"] });
    let serves = false;
    const collect = (bytes: Buffer) => {
      this.output = (this.output + bytes.toString("utf8")).slice(-4_000);
    };
    child.stdout.on("data", collect).once("data", () => {
      serves = true;
    });
    child.stderr.on("data", collect);
    child.once("exit", (code, signal) => {
      if (serves && signal === null && !this.#stopped) this.ended.push(`${this.#program} ended with ${code}: ${this.output.slice(-400)}`);
      this.start();
    });
    this.#child = child;
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Where the app has its data, and the provider that charges for it. */
interface AppPlace {
  readonly directory: string;
  readonly port: number | "worker";
  readonly planted: PlantedName | undefined;
  readonly providerUrl: string;
}

/** The app, or a worker of it, in a process of its own. */
export class AppVictim extends ProcessVictim {
  constructor({ directory, port, planted, providerUrl }: AppPlace) {
    const part = port === "worker" ? { ROLE: "worker" } : { ROLE: "http", PORT: String(port) };
    super("./ledger/serve.ts", { ...part, DIRECTORY: directory, PROVIDER_URL: providerUrl, ...(planted && { PLANTED: planted }) });
  }
}

/** The server of the app's data directory, seen from outside. */
export class PostgresVictim {
  readonly #directory: string;
  readonly #data: string;
  #starting: Promise<void> = Promise.resolve();
  #killed: Postmaster | undefined;
  #failed: unknown;

  constructor(directory: string) {
    this.#directory = directory;
    this.#data = join(directory, "postgres");
  }

  get adminUrl(): string {
    return `postgres://postgres@127.0.0.1:${this.#find()?.port}/postgres`;
  }

  /** Kills every process of the server at once: what was in shared memory is gone. */
  killAll(): void {
    const postmaster = this.#find();
    this.#killed = postmaster;
    if (postmaster !== undefined) kill([postmaster.pid, ...childrenOf(postmaster.pid)]);
  }

  /** Kills the first process only: the others find out by themselves, and may finish what they are at. */
  killPostmaster(): void {
    const postmaster = this.#find();
    this.#killed = postmaster;
    if (postmaster !== undefined) kill([postmaster.pid]);
  }

  /** Kills one process that serves the app: the server then throws all clients out and recovers by itself. */
  killBackend(choose: number): void {
    const postmaster = this.#find();
    if (postmaster === undefined) return;
    const backends = childrenOf(postmaster.pid).filter((pid) => commandLine(pid)?.includes("plimsoll_app"));
    const backend = backends[Math.floor(choose * backends.length)];
    if (backend !== undefined) kill([backend]);
  }

  /** Starts it again, as the one who watches over it would. */
  restart(): void {
    const dying = this.#killed;
    this.#starting = this.#starting.then(async () => {
      // A process that was sent SIGKILL lives on for a moment; who starts too early finds it alive and takes it over.
      while (dying !== undefined && isAlive(dying)) await wait(1);
      // Killed again while it started: once more.
      for (let tries = 0; tries < 20; tries++) {
        try {
          return await new EmbeddedPostgres({ directory: this.#directory }).start();
        } catch (error) {
          this.#failed = error;
          await wait(50);
        }
      }
    });
  }

  /** Where it listens, and why it did not start the last time it did not. */
  state(): string {
    const found = this.#find();
    return `${found ? `listens on ${found.port} (${found.status})` : "is down"}; the last start that failed: ${String(this.#failed)}`;
  }

  async stop(): Promise<void> {
    await this.#starting;
    const postmaster = this.#find();
    if (postmaster === undefined) return;
    // The timers of a clock do not keep the process alive.
    const alive = setInterval(() => undefined, 1_000);
    await stopServer(postmaster, systemClock);
    clearInterval(alive);
  }

  #find(): Postmaster | undefined {
    return findPostmaster(this.#data);
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}
