import assert from "node:assert";
import { Worker } from "node:worker_threads";
import { systemClock } from "./clock.ts";
import { type CpuFunction, type CpuReply, type CpuRequest, cpuThread, restoreThrown } from "./cpu/function.ts";
import { Fault } from "./fault.ts";
import { limits } from "./limits.ts";
import { LoadLine, type RefusalCount } from "./load-line/load-line.ts";
import { loadLines } from "./load-line/load-lines.ts";
import { retryLater } from "./load-line/refusal.ts";
import { shareLines } from "./load-line/shared-lines.ts";
import { BoundedQueue, type QueuedWaiter } from "./queue/bounded-queue.ts";
import { FixedLimit } from "./queue/limit.ts";
import { InOrder } from "./queue/turns.ts";

/** How a {@link CpuPool} is bounded. */
export interface CpuPoolOptions {
  /** Threads at once. *Default*: `limits.cpuThreads`. */
  readonly threads?: number;
  /** Calls that may wait for a thread. *Default*: `limits.cpuQueue`. */
  readonly queue?: number;
  /** What spreads the returns of those that are refused, in [0, 1). *Default*: that of the machine. */
  readonly random?: () => number;
}

/** Options of one call of `cpu`. */
export interface CpuCallOptions {
  /** Stops the work, also in the middle of a loop: the thread is ended and another takes its place. */
  readonly signal?: AbortSignal;
}

export { type CpuFunction, cpuFunction } from "./cpu/function.ts";

// A URL is not rewritten when the sources are built, as an import is.
const threadEntry = import.meta.url.endsWith(".ts")
  ? new URL("./cpu/thread.ts", import.meta.url)
  : new URL("./cpu/thread.js", import.meta.url);

interface Call extends QueuedWaiter {
  readonly request: CpuRequest;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A bounded set of worker threads for computation that would block the event loop.
 * *Bounds*: `threads` and `queue`; each thread runs one call at a time and is started when a call first needs it. *Guarantees*: an idle thread does not
 * keep the process alive, a running call does; a thread that dies fails its own call only and is replaced. On Linux the threads have a lower priority than the
 * event loop, so that requests do not wait where all cores compute.
 */
export class CpuPool {
  readonly #queueLimit: number;
  /** A place is a thread, which is started when none is idle. */
  readonly #places: BoundedQueue<Call>;
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Call>();
  readonly #random: () => number;
  readonly #queueLine: LoadLine;
  readonly #full: RefusalCount;

  constructor(options: CpuPoolOptions = {}) {
    const { threads = limits.cpuThreads, queue = limits.cpuQueue, random = systemClock.random } = options;
    assert(threads >= 1 && queue >= 0, "a pool of threads needs at least one thread and a queue of 0 or more");
    this.#queueLimit = queue;
    this.#random = random;
    const line = new LoadLine({
      ...{ name: "cpu threads", unit: "calls", declared: threads, now: () => this.#places.running },
      fixed: "Each thread takes its own memory and a core, and what is above the limit waits. Change limits.cpuThreads.",
    });
    this.#places = new BoundedQueue({ limit: new FixedLimit(threads), queue, turns: new InOrder(), line });
    this.#queueLine = new LoadLine({ name: "cpu queue", unit: "calls", declared: queue, now: () => this.#places.waiting });
    this.#full = this.#queueLine.reason("full");
  }

  /** The limits of the pool, for each app that lists them. */
  get [loadLines](): readonly LoadLine[] {
    return [this.#places.line, this.#queueLine];
  }

  /** Threads that live, calls that run on them, and calls that wait. */
  get load(): { readonly threads: number; readonly running: number; readonly waiting: number } {
    return { threads: this.#idle.length + this.#running.size, running: this.#running.size, waiting: this.#places.waiting };
  }

  /**
   * Runs `declared` with a structured clone of `input` on a thread and resolves with a structured clone of what it returns.
   * *Faults thrown*: `unavailable` when the queue is full, `internal` when the thread dies, `cancelled` when the pool is stopped; what the function throws, faults
   * included; the signal's reason when it aborts. An input or a result that cannot be cloned rejects with an error that says so.
   */
  run<I, O>(declared: CpuFunction<I, O>, input: I, { signal }: CpuCallOptions = {}): Promise<O> {
    assert(
      !cpuThread(),
      `"${declared.name}" was called with cpu() on a thread of cpu(). There, call its run() directly: a thread that waits for another thread of the pool could wait forever.`,
    );
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const settle = () => signal?.removeEventListener("abort", onAbort);
      const call: Call = {
        request: { url: declared.url, name: declared.name, input },
        granted: () => this.#begin(call),
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (reason) => {
          settle();
          reject(reason);
        },
      };
      const onAbort = () => this.#abandon(call, signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#admit(call);
    }) as Promise<O>;
  }

  /** Ends every thread; what runs or waits is rejected with `cancelled`. The pool can be used again afterwards. Never rejects. */
  async stop(): Promise<void> {
    const workers = [...this.#idle, ...this.#running.keys()];
    const calls = [...this.#running.values(), ...this.#places.takeOut()];
    this.#idle.length = 0;
    for (const worker of [...this.#running.keys()]) this.#end(worker);
    for (const { request, reject } of calls)
      reject(new Fault({ code: "cancelled", message: `"${request.name}" was cancelled: its threads were stopped.` }));
    await Promise.allSettled(workers.map((worker) => worker.terminate()));
  }

  #admit(call: Call): void {
    if (this.#places.tryEnter()) return this.#begin(call);
    if (this.#places.waiting >= this.#queueLimit && this.#queueLine.refuses(this.#full)) return this.#refuse(call);
    this.#places.addOver(call);
    this.#queueLine.admits(this.#places.waiting);
  }

  #refuse(call: Call): void {
    call.reject(
      new Fault({
        code: "unavailable",
        message: `No thread is free for "${call.request.name}": ${this.#places.waiting} calls wait already, and the limit "cpu queue" allows ${this.#queueLimit}. Try again later.`,
        details: { limit: this.#queueLine.name, value: this.#queueLimit, load: this.#places.waiting },
        retryAfterMs: retryLater(this.#random()),
      }),
    );
  }

  #begin(call: Call): void {
    let worker: Worker | undefined;
    try {
      worker = this.#idle.pop() ?? this.#startThread();
      this.#running.set(worker, call);
      worker.postMessage(call.request);
      worker.ref();
    } catch (error) {
      // A call that cannot be sent leaves its thread to the next one; a thread that cannot be started leaves its place.
      if (worker === undefined) this.#places.leave();
      else this.#rest(worker);
      call.reject(error);
    }
  }

  /** The thread is free for the next call. */
  #rest(worker: Worker): void {
    worker.unref();
    this.#idle.push(worker);
    this.#end(worker);
  }

  /** The call that runs on a thread holds its place no longer. Returns the call. */
  #end(worker: Worker): Call | undefined {
    const call = this.#running.get(worker);
    if (this.#running.delete(worker)) this.#places.leave();
    return call;
  }

  #abandon(call: Call, reason: unknown): void {
    call.reject(reason);
    if (this.#places.forget(call)) return;
    const [worker] = [...this.#running].find(([, running]) => running === call) ?? [];
    if (worker === undefined) return;
    void worker.terminate();
    this.#end(worker);
  }

  #startThread(): Worker {
    const worker = new Worker(threadEntry, { name: "plimsoll-cpu", resourceLimits: { maxOldGenerationSizeMb: limits.cpuThreadMb } });
    worker.on("message", (reply: CpuReply) => {
      const call = this.#running.get(worker);
      if (!call) return;
      this.#rest(worker);
      if (reply.ok) call.resolve(reply.value);
      else call.reject(restoreThrown(reply));
    });
    // After an error the exit still comes, but no call may get the thread in between.
    worker.on("error", (error) => this.#discard(worker, error));
    worker.on("exit", (exitCode) => this.#discard(worker, `it exited with ${exitCode}`));
    worker.unref();
    return worker;
  }

  #discard(worker: Worker, cause: unknown): void {
    const index = this.#idle.indexOf(worker);
    if (index !== -1) this.#idle.splice(index, 1);
    const call = this.#end(worker);
    if (!call) return;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The thread that ran "${call.request.name}" ended: ${why}. Look for memory above ${limits.cpuThreadMb} MB, process.exit, or an error outside its promise.`;
    call.reject(new Fault({ code: "internal", type: "thread_died", message, cause }));
  }
}

const shared = new CpuPool();
shareLines(shared[loadLines]);

/**
 * Runs a long computation on a thread of the process's shared pool; see {@link CpuPool.run} for what it throws.
 * *Bounds*: `limits.cpuThreads` at once, `limits.cpuQueue` waiting.
 * @example const hash = await cpu(slowHash, { text }, { signal });
 */
export function cpu<I, O>(declared: CpuFunction<I, O>, input: I, options: CpuCallOptions = {}): Promise<O> {
  return shared.run(declared, input, options);
}

/** Ends the threads of the shared pool; they start again when needed. */
export function stopCpu(): Promise<void> {
  return shared.stop();
}
