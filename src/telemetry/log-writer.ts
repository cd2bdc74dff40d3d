import sonicBoom from "sonic-boom";
import type { Clock, Timer } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";

/** Where lines go: standard output, a file that is appended to, or whatever `write` does with each line. */
export type LogDestination = "stdout" | { readonly file: string } | { readonly write: (line: string) => void };

/** Takes lines without ever waiting. */
export interface LogWriter {
  write(line: string): void;
  /** Lines that found no room. */
  readonly dropped: number;
  stop(): Promise<void>;
}

const chunkChars = 65_536;
const flushMs = 50;
const retryMs = 1_000;
const stopMs = 5_000;

/**
 * Collects lines and writes them in large pieces, so that one write of the system carries hundreds of lines.
 * *Bounds*: `limits.logBytes` wait for a slow disk or pipe; lines beyond are dropped and counted; a line waits at most 50 ms for others.
 * *Guarantees*: never blocks, never throws; after an error of the disk what waits is tried again every second.
 */
export class BatchedLogWriter implements LogWriter {
  readonly #sonic: sonicBoom.SonicBoom;
  readonly #clock: Clock;
  #pending = "";
  #pendingLines = 0;
  #inFlightBytes = 0;
  #timer: Timer | undefined;
  #retry: Timer | undefined;
  #idle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  dropped = 0;

  private constructor(sonic: sonicBoom.SonicBoom, clock: Clock) {
    this.#sonic = sonic;
    this.#clock = clock;
    sonic.on("write", (bytes: number) => this.#written(bytes));
    sonic.on("error", () => this.#retryLater());
    process.once("exit", this.#onExit);
  }

  /** Opens the destination. Throws the fault `log_file_unusable` when it cannot be written to. */
  static async open(destination: "stdout" | { readonly file: string }, clock: Clock): Promise<BatchedLogWriter> {
    const dest = destination === "stdout" ? 1 : destination.file;
    const sonic = new sonicBoom.SonicBoom({ dest, append: true, mkdir: true, sync: false, maxWrite: chunkChars * 2, mode: 0o640 });
    await new Promise<void>((resolve, reject) => {
      sonic.once("ready", resolve);
      sonic.once("error", (cause: NodeJS.ErrnoException) => {
        const message = `The log file ${dest} cannot be written to (${cause.code}). Make its folder writable for this user, or give logs() another destination.`;
        reject(new Fault({ code: "failed_precondition", type: "log_file_unusable", message, cause }));
      });
    });
    sonic.removeAllListeners("error");
    return new BatchedLogWriter(sonic, clock);
  }

  write(line: string): void {
    if (this.#pending.length + this.#inFlightBytes + line.length > limits.logBytes || this.#stopped !== undefined) {
      this.dropped++;
      return;
    }
    this.#pending += line;
    this.#pendingLines++;
    if (this.#pending.length >= chunkChars) this.#handOver();
    else if (this.#timer === undefined) this.#timer = this.#clock.schedule(flushMs, () => this.#handOver());
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  #handOver(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#pending === "") return;
    const chunk = this.#pending;
    this.#pending = "";
    this.#pendingLines = 0;
    this.#inFlightBytes += Buffer.byteLength(chunk);
    this.#sonic.write(chunk);
  }

  #written(bytes: number): void {
    this.#inFlightBytes -= bytes;
    if (this.#inFlightBytes === 0) this.#idle?.();
  }

  #retryLater(): void {
    this.#retry ??= this.#clock.schedule(retryMs, () => {
      this.#retry = undefined;
      this.#sonic.flush();
    });
  }

  async #drain(): Promise<void> {
    this.#handOver();
    if (this.#inFlightBytes > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        const timer = this.#clock.schedule(stopMs, resolve);
        this.#idle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#retry?.cancel();
    process.removeListener("exit", this.#onExit);
    await new Promise<void>((resolve) => {
      this.#sonic.once("close", resolve);
      this.#sonic.once("error", () => resolve());
      // What the disk does not take now is lost: a shutdown has a bound.
      if (this.#inFlightBytes > 0) this.#sonic.destroy();
      else this.#sonic.end();
    });
  }

  // A process that ends without a stop still has the last lines in memory, and nothing asynchronous runs any more.
  readonly #onExit = (): void => {
    try {
      if (this.#pending !== "") this.#sonic.write(this.#pending);
      this.#sonic.flushSync();
    } catch {
      this.dropped += this.#pendingLines;
    }
  };
}

/** Hands each line to a function; what it throws counts as a dropped line. */
export class FunctionLogWriter implements LogWriter {
  readonly #write: (line: string) => void;
  dropped = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  write(line: string): void {
    try {
      this.#write(line);
    } catch {
      this.dropped++;
    }
  }

  async stop(): Promise<void> {}
}
