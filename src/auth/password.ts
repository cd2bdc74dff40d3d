import assert from "node:assert";
// A name that an old Node lacks would fail to link, before anything could say which Node is needed.
import * as crypto from "node:crypto";
import { type Clock, systemClock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { LoadLine, type RefusalCount } from "../core/load-line/load-line.ts";
import { loadLines } from "../core/load-line/load-lines.ts";
import { overloaded } from "../core/load-line/refusal.ts";
import { shareLines } from "../core/load-line/shared-lines.ts";
import { BoundedQueue, type QueuedWaiter } from "../core/queue/bounded-queue.ts";
import { enter } from "../core/queue/enter.ts";
import { FixedLimit } from "../core/queue/limit.ts";
import { InOrder } from "../core/queue/turns.ts";
import { HashingThreads } from "./hashing-threads.ts";
import { type Argon2Cost, type EncodedPassword, formatPassword, parsePassword } from "./password-text.ts";

/** Options of one hash or verification. */
export interface PasswordOptions {
  /** Gives up the place in the queue, or stops waiting for the response. */
  readonly signal?: AbortSignal;
}

/** The cost of a hash, and how many run and wait at once. */
export interface PasswordHasherOptions {
  /** *Default*: 7 MiB, 5 passes, one thread each: about 20 ms of one core. */
  readonly cost?: Argon2Cost;
  readonly concurrency?: number;
  readonly queue?: number;
  readonly clock?: Clock;
}

/**
 * Of the equally strong settings of the source the one with the least memory: the C library keeps what a thread had, twice on four threads.
 * *Source*: OWASP Password Storage Cheat Sheet, Argon2id.
 */
const defaultCost: Argon2Cost = { memoryKib: 7_168, passes: 5, parallelism: 1 };
const saltBytes = 16;
const tagBytes = 32;
const decoySalt = Buffer.alloc(saltBytes);

/**
 * Hashes passwords with argon2id on threads of low priority, few at a time, the others waiting in a bounded queue.
 * *Guarantees*: a caller that gave up waiting still counts until the thread is free.
 */
export class PasswordHasher {
  readonly #cost: Argon2Cost;
  readonly #queue: BoundedQueue<QueuedWaiter>;
  readonly #waiting: LoadLine;
  readonly #full: RefusalCount;
  readonly #clock: Clock;

  constructor(options: PasswordHasherOptions = {}) {
    this.#cost = options.cost ?? defaultCost;
    const { concurrency = limits.passwordHashing, queue = limits.passwordQueue } = options;
    const line = new LoadLine({
      ...{ name: "passwords being hashed", unit: "passwords", declared: concurrency, now: () => this.#queue.running },
      fixed: "Each takes a thread of its own and 7 MiB, and what is above the limit waits. Change limits.passwordHashing.",
    });
    this.#queue = new BoundedQueue({ limit: new FixedLimit(concurrency), queue, turns: new InOrder(), line });
    this.#waiting = new LoadLine({ name: "passwords waiting", unit: "passwords", declared: queue, now: () => this.#queue.waiting });
    this.#full = this.#waiting.reason("full");
    this.#clock = options.clock ?? systemClock;
    assert(concurrency >= 1 && queue >= 0, "A PasswordHasher needs a concurrency from 1 and a queue from 0.");
  }

  /** Its limits, for each app that lists them. */
  get [loadLines](): readonly LoadLine[] {
    return [this.#queue.line, this.#waiting];
  }

  async hash(password: string, { signal }: PasswordOptions = {}): Promise<string> {
    if (password.length > limits.passwordChars) throw tooLong();
    const salt = this.#clock.randomBytes(saltBytes);
    const tag = await this.#limited(() => derive(password, { ...this.#cost, salt, tagBytes }), signal);
    return formatPassword({ ...this.#cost, salt, tag });
  }

  async verify(encoded: string | undefined, password: string, { signal }: PasswordOptions = {}): Promise<boolean> {
    const known: EncodedPassword =
      encoded === undefined ? { ...this.#cost, salt: decoySalt, tag: Buffer.alloc(tagBytes) } : parsePassword(encoded);
    // No stored password is that long. The answer is the same whether or not the account exists.
    if (password.length > limits.passwordChars) return false;
    const tag = await this.#limited(() => derive(password, { ...known, tagBytes: known.tag.length }), signal);
    return crypto.timingSafeEqual(tag, known.tag) && encoded !== undefined;
  }

  needsRehash(encoded: string): boolean {
    const { memoryKib, passes, parallelism, salt, tag } = parsePassword(encoded);
    const { memoryKib: memory, passes: times, parallelism: threads } = this.#cost;
    return memoryKib !== memory || passes !== times || parallelism !== threads || salt.length < saltBytes || tag.length < tagBytes;
  }

  async #limited(work: () => Promise<Buffer>, signal: AbortSignal | undefined): Promise<Buffer> {
    signal?.throwIfAborted();
    const before = this.#queue.waiting;
    const waiting = enter(this.#queue, { signal, waitsOver: () => !this.#waiting.refuses(this.#full) });
    if (this.#queue.waiting > before) this.#waiting.admits(this.#queue.waiting);
    const entry = waiting === undefined ? undefined : await waiting;
    if (entry === "full")
      throw overloaded({ limit: this.#waiting.name, value: this.#waiting.declared ?? 0, load: this.#queue.waiting }, this.#clock.random());
    // The caller may have aborted in the same moment in which the call entered: then it returns the place.
    if (signal?.aborted) {
      if (entry !== "aborted") this.#queue.leave();
      throw signal.reason;
    }
    const running = work().finally(() => this.#queue.leave());
    return signal === undefined ? running : settledOrAborted(running, signal);
  }
}

async function derive(
  password: string,
  { memoryKib, passes, parallelism, salt, tagBytes }: Argon2Cost & { salt: Buffer; tagBytes: number },
): Promise<Buffer> {
  // Keyboards differ in how they write one and the same letter.
  const message = password.normalize("NFKC");
  const parameters = { message, nonce: salt, memory: memoryKib, passes, parallelism, tagLength: tagBytes };
  return threads.derive(parameters);
}

/** One set for the process: each hasher limits how many it uses at once. */
const threads = new HashingThreads();

function settledOrAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const tooLong = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "password_too_long",
    message: `A password has at most ${limits.passwordChars} characters. Choose a shorter one.`,
  });

/** One for the process, as its cores are. */
const shared = new PasswordHasher();
shareLines(shared[loadLines]);

/**
 * Hashes a password for storage, as a PHC string that has the parameters in it.
 * *Bounds*: a password has at most 1,024 characters; a process hashes two at a time, and 64 wait. *Faults thrown*: `invalid_argument` as `password_too_long`; `unavailable`.
 * *Guarantees*: passwords that differ only in how Unicode writes them hash alike (NFKC).
 * @example const passwordHash = await hashPassword(input.password, { signal });
 */
export function hashPassword(password: string, options?: PasswordOptions): Promise<string> {
  return shared.hash(password, options);
}

/**
 * Returns whether a password matches a hash. If there is no such user, pass `undefined`: it does the same work and returns false.
 * *Faults thrown*: `unavailable`. Asserts that `encoded` has the form that {@link hashPassword} returns.
 * *Guarantees*: a wrong password takes as long as an unknown user, if the stored hashes have the parameters of new ones.
 * @example if (!(await verifyPassword(user?.passwordHash, input.password, { signal }))) fail(WrongCredentials, {});
 */
export function verifyPassword(encoded: string | undefined, password: string, options?: PasswordOptions): Promise<boolean> {
  return shared.verify(encoded, password, options);
}

/** Returns whether a stored hash has other parameters than new hashes get. If so, hash the password again at the next successful sign-in. */
export function needsRehash(encoded: string): boolean {
  return shared.needsRehash(encoded);
}
