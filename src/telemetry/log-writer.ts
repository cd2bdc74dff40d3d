import fs from "node:fs";
import { dirname } from "node:path";
import type { Clock, Timer } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { makeFolder } from "../core/node/make-folder.ts";
import { LineBytes } from "./json-text.ts";

/** Where log lines go: standard output, a file to which they are appended, or your function `write`. */
export type LogDestination = "stdout" | { readonly file: string } | { readonly write: (line: string) => void };

/** Takes lines without ever waiting. */
export interface LogWriter {
  /** Where the next line is written; `undefined` where there is no room, and the line counts as dropped. */
  open(): LineBytes | undefined;
  /** Ends the line that was written since {@link open}. */
  commit(): void;
  /** Lines that found no room. */
  readonly dropped: number;
  stop(): Promise<void>;
}

/** Lines that are handed over to the system together. */
interface Chunk {
  readonly bytes: LineBytes;
  lines: number;
  /** How much of it the system has taken. */
  written: number;
}

const stdoutFd = 1;
const chunkBytes = 65_536;
/** What a chunk has room for above its bound, so that the last line seldom makes it grow. */
const chunkRoom = 8_192;
const keptChunks = 4;
const flushMs = 50;
const retryMs = 1_000;
const retryBusyMs = 10;
const stopMs = 5_000;

/**
 * Collects lines and writes them in large pieces, so that one write of the system carries hundreds of lines.
 * *Bounds*: `limits.logBytes` wait for a slow disk or pipe; lines beyond are dropped and counted; a line waits at most 50 ms for others.
 * *Guarantees*: never blocks, never throws; what the system did not take is tried again, every second after an error.
 */
export class BatchedLogWriter implements LogWriter {
  readonly #fd: number;
  readonly #clock: Clock;
  #chunk = newChunk();
  /** Chunks that wait for the system, the oldest first. */
  readonly #waiting: Chunk[] = [];
  readonly #free: Chunk[] = [];
  #waitingBytes = 0;
  #writing = false;
  #flushTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #idle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;
  dropped = 0;

  constructor(fd: number, clock: Clock) {
    this.#fd = fd;
    this.#clock = clock;
    process.once("exit", this.#onExit);
  }

  open(): LineBytes | undefined {
    if (this.#chunk.bytes.end + this.#waitingBytes < limits.logBytes && this.#stopped === undefined) return this.#chunk.bytes;
    this.dropped++;
    return undefined;
  }

  commit(): void {
    this.#chunk.lines++;
    if (this.#chunk.bytes.end >= chunkBytes) this.#handOver();
    else if (this.#flushTimer === undefined) this.#flushTimer = this.#clock.schedule(flushMs, () => this.#handOver());
  }

  /** Writes what waits, for at most 5 s; what the disk did not take by then is dropped and counted. */
  stop(): Promise<void> {
    this.#stopped ??= this.#drain();
    return this.#stopped;
  }

  #handOver(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    if (this.#chunk.lines === 0) return;
    this.#waiting.push(this.#chunk);
    this.#waitingBytes += this.#chunk.bytes.end;
    this.#chunk = this.#free.pop() ?? newChunk();
    this.#writeNext();
  }

  #writeNext(): void {
    const chunk = this.#waiting[0];
    if (this.#writing || this.#retryTimer !== undefined) return;
    if (chunk === undefined) {
      this.#idle?.();
      return;
    }
    this.#writing = true;
    fs.write(this.#fd, chunk.bytes.bytes, chunk.written, chunk.bytes.end - chunk.written, null, (error, written) => {
      this.#writing = false;
      if (error === null) this.#written(chunk, written);
      else this.#retryLater(error.code === "EAGAIN" ? retryBusyMs : retryMs);
    });
  }

  #written(chunk: Chunk, bytes: number): void {
    chunk.written += bytes;
    this.#waitingBytes -= bytes;
    if (chunk.written === chunk.bytes.end) {
      this.#waiting.shift();
      this.#recycle(chunk);
    }
    this.#writeNext();
  }

  #recycle(chunk: Chunk): void {
    // A chunk that grew for one long line is not kept.
    if (this.#free.length >= keptChunks || chunk.bytes.bytes.length > chunkBytes + chunkRoom) return;
    chunk.bytes.end = 0;
    chunk.written = 0;
    chunk.lines = 0;
    this.#free.push(chunk);
  }

  #retryLater(delayMs: number): void {
    this.#retryTimer = this.#clock.schedule(delayMs, () => {
      this.#retryTimer = undefined;
      this.#writeNext();
    });
  }

  async #drain(): Promise<void> {
    this.#handOver();
    process.removeListener("exit", this.#onExit);
    if (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.schedule(stopMs, resolve);
        this.#idle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#retryTimer?.cancel();
    for (const chunk of this.#waiting.splice(0)) this.dropped += chunk.lines;
    if (this.#fd !== stdoutFd) await new Promise<void>((resolve) => fs.close(this.#fd, () => resolve()));
  }

  // A process that ends without a stop still has the last lines in memory, and nothing asynchronous runs any more.
  readonly #onExit = (): void => {
    // Leave out the chunk that is being written, or it would be written twice.
    const rest = this.#writing ? this.#waiting.slice(1) : this.#waiting;
    try {
      for (const { bytes, written } of [...rest, this.#chunk]) fs.writeSync(this.#fd, bytes.bytes, written, bytes.end - written);
    } catch {
      // The process ends, and nothing can report it any more.
    }
  };
}

function newChunk(): Chunk {
  return { bytes: new LineBytes(chunkBytes + chunkRoom), lines: 0, written: 0 };
}

/** Opens a destination that lines are written to in batches. Throws the fault `log_file_unusable` when it cannot be written to. */
export function openLog(destination: "stdout" | { readonly file: string }, clock: Clock): BatchedLogWriter {
  if (destination === "stdout") return new BatchedLogWriter(stdoutFd, clock);
  const { file } = destination;
  try {
    makeFolder(dirname(file));
    return new BatchedLogWriter(fs.openSync(file, "a", 0o640), clock);
  } catch (cause) {
    const message = `The log file ${file} cannot be written to (${(cause as NodeJS.ErrnoException).code}). Make its folder writable for this user, or give logs() another destination.`;
    throw new Fault({ code: "failed_precondition", type: "log_file_unusable", message, cause });
  }
}

/** Hands each line to a function; what it throws counts as a dropped line. */
export class FunctionLogWriter implements LogWriter {
  readonly #write: (line: string) => void;
  readonly #line = new LineBytes(chunkRoom);
  dropped = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  open(): LineBytes {
    this.#line.end = 0;
    return this.#line;
  }

  commit(): void {
    try {
      // The user's function may return a promise: a rejection also counts as a dropped line.
      const written: unknown = this.#write(this.#line.bytes.toString("utf8", 0, this.#line.end));
      if (written instanceof Promise) written.catch(() => this.dropped++);
    } catch {
      this.dropped++;
    }
  }

  async stop(): Promise<void> {}
}
