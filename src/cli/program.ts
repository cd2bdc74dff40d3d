import { type ChildProcess, spawn } from "node:child_process";
import { systemClock } from "../core/clock.ts";
import { limits } from "../core/limits.ts";

/** A program that is started again and again, never twice at once. */
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

  /** Starts it; one that runs is ended first. */
  restart(): void {
    if (this.#next === "exit") return;
    if (this.#child === undefined) return this.#start();
    if (this.#next === "start") return;
    this.#next = "start";
    this.#stop(this.#child);
  }

  /** Ends it, and then this process; asked a second time, at once. */
  end(): void {
    if (this.#next === "exit") this.#child?.kill("SIGKILL");
    if (this.#child === undefined) process.exit(0);
    this.#next = "exit";
    this.#stop(this.#child);
  }

  #start(): void {
    const reloads = this.#starts++ === 0 ? {} : { PLIMSOLL_RELOADS: String(this.#starts - 1) };
    // In a group of its own: what is typed at the terminal reaches this process alone, which asks the program to stop once and not twice.
    const child = spawn(process.execPath, this.#args, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
      env: { ...process.env, ...reloads },
    });
    this.#child = child;
    child.once("exit", (code, signal) => {
      this.#child = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next === "exit") process.exit(0);
      if (next === "start") this.#start();
      else this.#say(`The program ended (${signal ?? code}). It is started again when a file changes.`);
    });
    child.once("error", (error) => this.#say(`Node.js could not be started: ${error.message}.`));
  }

  #stop(child: ChildProcess): void {
    child.kill("SIGTERM");
    const timer = systemClock.schedule(limits.devStopMs, () => {
      this.#say(`The program did not end within ${limits.devStopMs / 1_000} s, and is killed.`);
      child.kill("SIGKILL");
    });
    child.once("exit", () => timer.cancel());
  }
}
