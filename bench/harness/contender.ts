import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cpuUs } from "./machine.ts";
import type { Sample } from "./rounds.ts";
import { keep, stop } from "./server.ts";

export interface Target {
  readonly url: string;
  readonly adminUrl: string;
  readonly connections: number;
}

/** A contender that does the work of a bench in its own process. A module exports it as `contender`. */
export interface Contender {
  readonly name: string;
  setup(target: Target): Promise<void>;
  /** Does the work once, for the i-th time, and checks the answer. */
  once(i: number): Promise<void>;
  close(): Promise<void>;
}

/** What the process is asked: to work as fast as it can, or a number of times with pauses in between. */
export type Ask =
  | { readonly setup: { readonly file: string; readonly target: Target } }
  | { readonly work: { readonly callers: number; readonly seconds: number } }
  | { readonly paced: { readonly times: number; readonly pauseMs: number } };

export interface Answered {
  readonly done: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Reply = { readonly answered: Answered } | { readonly error: string };

/** A contender in its own process. */
export class ContenderProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  /** How many times the work was done. */
  done = 0;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  static async start(name: string, file: string, target: Target): Promise<ContenderProcess> {
    const child = fork(fileURLToPath(new URL("contender-child.ts", import.meta.url)), {
      execArgv: [],
      env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
      stdio: ["ignore", 2, 2, "ipc"],
    });
    keep(child);
    const contender = new ContenderProcess(name, child);
    try {
      await contender.#ask({ setup: { file, target } });
    } catch (error) {
      await contender.stop();
      throw error;
    }
    return contender;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async work(callers: number, seconds: number): Promise<Sample> {
    const before = cpuUs(this.pid);
    const answered = await this.#ask({ work: { callers, seconds } });
    const after = cpuUs(this.pid);
    const { done, p50Ms, p99Ms } = answered;
    const cpu = before !== undefined && after !== undefined ? (after - before) / done : undefined;
    return { perSecond: done / answered.seconds, p50Ms, p99Ms, cpuUs: cpu };
  }

  async paced(times: number, pauseMs: number): Promise<void> {
    await this.#ask({ paced: { times, pauseMs } });
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }

  #ask(ask: Ask): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const onExit = (code: number | null) => reject(new Error(`${this.name} ended with ${code}; what it printed is above.`));
      child.once("exit", onExit);
      child.once("message", (reply: Reply) => {
        child.off("exit", onExit);
        if ("error" in reply) return reject(new Error(`${this.name} failed: ${reply.error}`));
        this.done += reply.answered.done;
        resolve(reply.answered);
      });
      child.send(ask);
    });
  }
}
