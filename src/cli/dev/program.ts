import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";

/** A program that is restarted, and never runs twice at once. */
export class Program {
  readonly #args: readonly string[];
  readonly #say: (line: string) => void;
  #child: ChildProcess | undefined;
  #next: "start" | "exit" | undefined;
  #starts = 0;

  /** `args`: options of Node.js, the program and its arguments. */
  constructor(args: readonly string[], say: (line: string) => void) {
    this.#args = args;
    this.#say = say;
  }

  /** Starts the program; if it runs, ends it first. */
  restart(): void {
    if (this.#next === "exit") return;
    if (this.#child === undefined) return this.#start();
    if (this.#next === "start") return;
    this.#next = "start";
    this.#stop(this.#child);
  }

  /** Ends the program and then this process; a second call does not wait. */
  end(): void {
    if (this.#next === "exit") this.#child?.kill("SIGKILL");
    if (this.#child === undefined) process.exit(0);
    this.#next = "exit";
    this.#stop(this.#child);
  }

  #start(): void {
    const reloads = this.#starts++ === 0 ? {} : { PLIMSOLL_RELOADS: String(this.#starts - 1) };
    // In its own process group, so that Ctrl-C reaches only this process, and the program gets one signal, not two.
    const child = spawn(process.execPath, this.#args, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env: { ...keptCode(), ...process.env, ...reloads },
    });
    this.#child = child;
    child.once("exit", (code, signal) => {
      this.#child = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next === "exit") process.exit(0);
      if (next === "start") this.#start();
      else this.#say(`The program ended with ${signal ?? `exit code ${code}`}. It restarts when a file changes.`);
    });
    child.once("error", (error) =>
      this.#say(`Node.js did not start: ${error.message}. Check that this process may start programs, and save a file to try again.`),
    );
  }

  #stop(child: ChildProcess): void {
    child.kill("SIGTERM");
    const timer = systemClock.schedule(limits.devStopMs, () => {
      this.#say(`The program did not end within ${limits.devStopMs / 1_000} s after SIGTERM, so it is killed.`);
      child.kill("SIGKILL");
    });
    child.once("exit", () => timer.cancel());
  }
}

/** Where the compiled code of the program is kept from one start to the next: beside the packages, which no file is watched in. */
function keptCode(): NodeJS.ProcessEnv {
  const packages = resolve("node_modules");
  return existsSync(packages) ? { NODE_COMPILE_CACHE: join(packages, ".cache/plimsoll") } : {};
}
