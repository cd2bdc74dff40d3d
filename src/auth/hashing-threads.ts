import { Worker } from "node:worker_threads";
import { Fault } from "../core/fault.ts";

/** What `crypto.argon2Sync` takes. */
export interface Argon2Parameters {
  readonly message: string;
  readonly nonce: Uint8Array;
  /** *Units*: KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  /** *Units*: bytes. */
  readonly tagLength: number;
}

/**
 * What a thread runs, as text: a bundled app has no file for it. The priority is that of the thread alone, which only Linux has: a request must not wait
 * because all cores compute hashes.
 */
const source = `
const { parentPort } = require("node:worker_threads");
const { argon2Sync } = require("node:crypto");
const { constants, setPriority } = require("node:os");
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
parentPort.on("message", (parameters) => parentPort.postMessage(argon2Sync("argon2id", parameters)));
`;

/** The memory of a hash is not in the heap. */
const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/**
 * Worker threads of low priority that compute hashes of passwords: the thread pool of Node.js stays free for files, names of hosts and compression.
 * *Bounds*: as many as the caller lets run at once; each is started when it is first needed. *Guarantees*: an idle thread does not keep the process alive.
 */
export class HashingThreads {
  readonly #idle: Worker[] = [];

  /** Returns the hash. *Faults thrown*: `internal` if the thread ends. */
  async derive(parameters: Argon2Parameters): Promise<Buffer> {
    const worker = this.#idle.pop() ?? this.#start();
    return new Promise((resolve, reject) => {
      const settle = () => worker.off("message", onMessage).off("exit", onEnd).off("error", onEnd);
      const onMessage = (tag: Uint8Array) => {
        settle();
        worker.unref();
        this.#idle.push(worker);
        resolve(Buffer.from(tag));
      };
      const onEnd = (cause: unknown) => {
        settle();
        const message = `The thread that hashed a password ended: ${cause}. Look for too little memory; the next password gets another thread.`;
        reject(new Fault({ code: "internal", type: "thread_died", message, cause }));
      };
      worker.on("message", onMessage).on("exit", onEnd).on("error", onEnd);
      worker.ref();
      worker.postMessage(parameters);
    });
  }

  #start(): Worker {
    // What a process loads before its program, such as an instrumentation, is not for a thread that hashes.
    const worker = new Worker(source, { eval: true, name: "plimsoll-passwords", execArgv: [], env: {}, resourceLimits });
    // An idle thread that ends must not end the process.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      const index = this.#idle.indexOf(worker);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return worker;
  }
}
