import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { cpuUs, freePort } from "../harness/machine.ts";
import { keep, stop } from "../harness/server.ts";

const file = fileURLToPath(new URL("program.ts", import.meta.url));
const replyWithinMs = 10_000;

/** Connections that were opened, and what came of them. */
export interface Tally {
  replies: number;
  refused: number;
  reset: number;
  other: number;
  readonly byProcess: Map<number, number>;
}

/** A program in several processes. */
export class Servers {
  readonly #child: ChildProcess;
  readonly #port: number;
  #ready = 0;
  #woken: () => void = () => undefined;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("ready ")) this.#ready++;
      this.#woken();
    });
    child.once("exit", () => this.#woken());
  }

  static async start(name: "plimsoll" | "cluster", processes: number): Promise<Servers> {
    const port = await freePort();
    const env = { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1", PORT: String(port) };
    const child = spawn(process.execPath, [file, String(processes), name], { env, stdio: ["ignore", "pipe", "inherit"] });
    keep(child);
    const servers = new Servers(child, port);
    await servers.#until(processes);
    return servers;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/v1/who`;
  }

  /** Processor time of all its processes. */
  get cpuUs(): number {
    return [this.#child.pid!, ...childrenOf(this.#child.pid!)].reduce((sum, pid) => sum + (cpuUs(pid) ?? 0), 0);
  }

  /** Replaces all processes, and resolves when that is done. */
  async roll(processes: number): Promise<void> {
    const ready = this.#ready + processes;
    this.#child.kill("SIGHUP");
    await this.#until(ready);
    while (childrenOf(this.#child.pid!).length > processes) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Sends one request, and notes what came of it. */
  ask(agent: Agent | false, tally: Tally): Promise<void> {
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") tally.refused++;
        else if (error.code === "ECONNRESET" || error.code === "EPIPE") tally.reset++;
        else tally.other++;
        resolve();
      };
      const sent = request(this.url, { method: "POST", agent, headers: { "content-type": "application/json" } }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", failed);
        response.on("end", () => {
          if (response.statusCode !== 200) tally.other++;
          else {
            const { pid } = JSON.parse(text) as { pid: number };
            tally.byProcess.set(pid, (tally.byProcess.get(pid) ?? 0) + 1);
            tally.replies++;
          }
          resolve();
        });
      });
      sent.setTimeout(replyWithinMs, () => sent.destroy(new Error("no reply")));
      sent.on("error", failed);
      sent.end("{}");
    });
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }

  async #until(ready: number): Promise<void> {
    while (this.#ready < ready) {
      if (this.#child.exitCode !== null) throw new Error(`The servers ended with ${this.#child.exitCode}; what they wrote is above.`);
      await new Promise<void>((resolve) => {
        this.#woken = resolve;
      });
    }
  }
}

export function newTally(): Tally {
  return { replies: 0, refused: 0, reset: 0, other: 0, byProcess: new Map() };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
