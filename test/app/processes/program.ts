import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("./fixtures/program.ts", import.meta.url));

/** What a program is started with, beside the number of its processes. */
export interface ProgramOptions {
  readonly headerMs?: number;
  readonly connections?: number;
  readonly connectionsPerSecond?: number;
  readonly startFails?: boolean;
  /** The certificate and key of its port, in PEM or as paths of files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Values of `limits` that nothing else sets, in all of its processes. */
  readonly times?: { readonly ticketSecretMs?: number; readonly certificateCheckMs?: number };
  readonly perSecond?: number;
  readonly url?: string;
  readonly directory?: string;
  readonly file?: string;
}

/** The response of an operation of the program. */
export interface Posted {
  readonly status: number;
  readonly pid: number;
  /** When it began and ended to hold what it holds. *Units*: milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** A program in several processes, from its start to the end of all of them. */
export class Program {
  readonly child: ChildProcess;
  /** All processes have ended, and all that they wrote is read. */
  readonly ended: Promise<number | string>;
  readonly lines: string[] = [];
  #heard = 0;
  #woken: (() => void)[] = [];
  #isOver = false;
  api = "";
  ops = "";

  constructor(processes: number | string, options: ProgramOptions = {}) {
    this.child = spawn(process.execPath, ["--conditions=source", options.file ?? file, String(processes), JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.ended = once(this.child, "close").then(([code, signal]) => {
      this.#isOver = true;
      this.#wake();
      return code ?? signal;
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line);
        this.#wake();
      });
  }

  /** Resolves with the next line that matches, after all that were waited for before. */
  async line(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      while (this.#heard < this.lines.length) {
        const match = pattern.exec(this.lines[this.#heard++]!);
        if (match !== null) return match;
      }
      assert(!this.#isOver, `it has ended, and wrote no line like ${pattern}:\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
  }

  /** Resolves with the number of the process that is ready next. */
  async ready(): Promise<number> {
    const [, pid, api = "", ops = ""] = await this.line(/^ready (\d+) (\S+) (\S+)/);
    this.api = api;
    this.ops = ops;
    return Number(pid);
  }

  /** Calls an operation on a connection of its own; returns the process that it ran in. */
  async post(path: string, body: object = {}, agent?: Agent): Promise<Posted> {
    const own = agent ?? new Agent();
    try {
      return await post(`${this.api}${path}`, body, own);
    } finally {
      if (agent === undefined) own.destroy();
    }
  }

  end(): void {
    this.child.kill("SIGKILL");
  }

  #wake(): void {
    for (const wake of this.#woken.splice(0)) wake();
  }
}

/** Sends one request. Rejects if its connection fails. */
function post(url: string, body: object, agent: Agent): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers: { "content-type": "application/json" } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ ...JSON.parse(text || "{}"), status: response.statusCode ?? 0 }));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}
