import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createClient } from "redis";
import { findProgram, freePort } from "../harness/machine.ts";
import { keep } from "../harness/server.ts";

/** A Redis of the bench's own, which can be killed and started again at its port. */
export class OwnRedis {
  readonly url: string;
  readonly #program: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number) {
    this.#program = program;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<OwnRedis> {
    const program = findProgram("redis-server");
    if (program === undefined) throw new Error("This bench needs redis-server: install it, as with apt-get install redis-server.");
    const redis = new OwnRedis(program, await freePort());
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    const settings = ["--port", String(this.#port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn(this.#program, settings, { stdio: ["ignore", "pipe", 2] });
    keep(child);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      createInterface(child.stdout!).on("line", (line) => {
        if (line.includes("Ready to accept connections")) resolve();
      });
    });
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** Commands that it has run, those of scripts not counted. */
  async commands(): Promise<number> {
    const client = await createClient({ url: this.url }).connect();
    try {
      const text = await client.info("commandstats");
      const calls = [...text.matchAll(/^cmdstat_(evalsha|eval|ping):calls=(\d+)/gm)];
      return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
    } finally {
      client.destroy();
    }
  }
}
