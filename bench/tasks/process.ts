import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { keep, stop } from "../harness/server.ts";
import type { Answer, Ask, HandledAnswer, LoadAnswer, LoadKind, Reply } from "./asks.ts";
import type { TaskTarget } from "./system.ts";

/** A system in a process of its own, as producer or as worker. */
class SystemProcess {
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(name: string) {
    this.#name = name;
    this.#child = fork(fileURLToPath(new URL("child.ts", import.meta.url)), {
      execArgv: [],
      env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
      stdio: ["ignore", 2, 2, "ipc"],
    });
    keep(this.#child);
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }

  ask(ask: Ask, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const settle = (error: string | undefined, answer?: Answer) => {
        clearTimeout(timer);
        child.off("exit", onExit).off("message", onMessage);
        if (answer !== undefined) resolve(answer);
        else reject(new Error(`${this.#name} ${error}`));
      };
      const onExit = (code: number | null) => settle(`ended with ${code}; what it printed is above.`);
      const onMessage = (reply: Reply) => ("error" in reply ? settle(`failed: ${reply.error}`) : settle(undefined, reply.answer));
      const timer = setTimeout(() => settle(`did not answer ${JSON.stringify(ask)} within ${timeoutMs} ms`), timeoutMs);
      child.once("exit", onExit).once("message", onMessage);
      child.send(ask);
    });
  }
}

const setupTimeoutMs = 30_000;

export class ProducerProcess {
  readonly #process: SystemProcess;

  private constructor(child: SystemProcess) {
    this.#process = child;
  }

  static async start(name: string, file: string, target: TaskTarget): Promise<ProducerProcess> {
    const child = new SystemProcess(`the producer of ${name}`);
    await orStop(child, child.ask({ produce: { file, target } }, setupTimeoutMs));
    return new ProducerProcess(child);
  }

  async load(how: LoadKind, load: { readonly callers: number; readonly seconds: number; readonly batch: number }): Promise<LoadAnswer> {
    return (await this.#process.ask({ load: { how, ...load } }, load.seconds * 1_000 + 30_000)) as LoadAnswer;
  }

  async fill(count: number, batch = 1_000): Promise<void> {
    await this.#process.ask({ fill: { count, batch } }, 30_000 + count);
  }

  async pace(perSecond: number, seconds: number): Promise<number> {
    return ((await this.#process.ask({ pace: { perSecond, seconds } }, seconds * 1_000 + 30_000)) as { readonly tasks: number }).tasks;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

export class WorkerProcess {
  readonly #process: SystemProcess;

  private constructor(child: SystemProcess) {
    this.#process = child;
  }

  static async start(name: string, work: Extract<Ask, { work: unknown }>["work"]): Promise<WorkerProcess> {
    const child = new SystemProcess(`the worker of ${name}`);
    await orStop(child, child.ask({ work }, setupTimeoutMs));
    return new WorkerProcess(child);
  }

  /** Resolves when so many more have begun. */
  async handled(count: number, timeoutMs = 60_000): Promise<HandledAnswer> {
    return (await this.#process.ask({ handled: { count } }, timeoutMs)) as HandledAnswer;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

async function orStop(child: SystemProcess, answered: Promise<unknown>): Promise<void> {
  try {
    await answered;
  } catch (error) {
    await child.stop();
    throw error;
  }
}
