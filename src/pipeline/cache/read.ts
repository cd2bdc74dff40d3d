import { codes } from "../../core/code.ts";
import { toFault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { Waiting } from "../state/invocation.ts";
import { ShapedOutput } from "../state/output.ts";
import type { RunningExecution } from "../state/running-execution.ts";
import { ended, type Runner } from "../step.ts";
import type { CompiledCache } from "./compiled-cache.ts";
import type { CacheEntry } from "./entry.ts";
import { keyOf } from "./key.ts";
import { type CacheUse, type CacheWaiter, Load, type LoadFailure } from "./load.ts";
import type { FoundValue } from "./value-cache.ts";

/** Looks for the value of a request: it is there, or another request loads it, or this one continues and loads it. */
export function readCache(execution: RunningExecution, runner: Runner): undefined | Waiting {
  const { caches } = execution.host;
  const reader = new CacheReader(execution, runner);
  const found = caches.values.look(keyOf(execution, cacheOf(execution)), reader);
  if (found === "crowded") return undefined;
  if (found === "waits") return reader;
  if (found instanceof Load) {
    begin(execution, found);
    return readStore(execution, runner, found);
  }
  reader.serve(found.entry, found.use);
  return ended;
}

/**
 * Ends the load of an execution that ends: keeps what it made, or finds what may be used instead. Returns what the execution ends with, as its `finish` takes it.
 */
export function endLoad(execution: RunningExecution, load: Load, thrown: unknown): unknown {
  execution.load = undefined;
  const { caches } = execution.host;
  const { values } = caches;
  caches.countLoad(execution.operation, thrown === undefined);
  if (thrown === undefined) {
    const failed = keep(execution, load);
    if (failed === undefined) return undefined;
    values.failed(load, failed.thrown, { end: "failure", quiet: true });
    return failed.thrown;
  }
  const failure = failureOf(execution, thrown);
  const found = values.failed(load, thrown, failure);
  if (found === undefined || !failure.quiet) return thrown;
  give(execution, found);
  return undefined;
}

/** A request that may wait for the load of another. */
class CacheReader implements CacheWaiter, Waiting {
  readonly #execution: RunningExecution;
  readonly #runner: Runner;
  #done: (() => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(execution: RunningExecution, runner: Runner) {
    this.#execution = execution;
    this.#runner = runner;
  }

  get settled(): boolean {
    return this.#execution.settled;
  }

  // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it as for a promise.
  then(done: () => void, failed: (error: unknown) => void): void {
    this.#done = done;
    this.#failed = failed;
  }

  serve(entry: CacheEntry, use: CacheUse): void {
    give(this.#execution, { entry, use });
    this.#runner.finish(this.#execution, undefined);
  }

  lead(load: Load): void {
    begin(this.#execution, load);
    const reading = readStore(this.#execution, this.#runner, load);
    if (reading === undefined) this.#done?.();
    else
      reading.then(
        () => this.#done?.(),
        (error) => this.#failed?.(error),
      );
  }

  fail(thrown: unknown): void {
    this.#failed?.(thrown);
  }
}

/** Asks the store that processes share, before the database: what it has ends the execution. Returns undefined where there is none to ask. */
function readStore(execution: RunningExecution, runner: Runner, load: Load): undefined | Waiting {
  const { caches } = execution.host;
  const reading = caches.store?.read(load.key);
  if (reading === undefined) return undefined;
  return {
    // biome-ignore lint/suspicious/noThenProperty: the pipeline waits for it as for a promise.
    then: (done, failed) =>
      void reading
        .then((read) => {
          if (execution.settled || read === undefined) return done();
          load.mark = read.mark;
          const entry = read.value && caches.values.fromStore(load, read.value, cacheOf(execution));
          if (entry === undefined) return done();
          execution.load = undefined;
          give(execution, { entry, use: "stored" });
          runner.finish(execution, undefined);
        })
        // What is in a store may be anything: then it is loaded.
        .catch(() => (execution.load === undefined ? failed(undefined) : done())),
  };
}

function begin(execution: RunningExecution, load: Load): void {
  execution.load = load;
  execution.cache = "load";
}

function give(execution: RunningExecution, { entry, use }: FoundValue): void {
  execution.output = new ShapedOutput(execution.compiled, undefined, entry.json);
  execution.output.head = entry.head;
  execution.cache = use;
}

/** Keeps what a load made. Returns what was thrown by the function of its tags. */
function keep(execution: RunningExecution, load: Load): { readonly thrown: unknown } | undefined {
  const { output, input, host } = execution;
  const cache = cacheOf(execution);
  try {
    if (output === undefined) return { thrown: undefined };
    const { json, head, value } = output;
    const kept = host.caches.values.loaded(load, { json, head, tags: cache.tagsOf(input, value) }, cache);
    if (kept?.mark !== undefined) writeStore(execution, load.key, { ...kept, mark: kept.mark });
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}

function writeStore({ host, compiled }: RunningExecution, key: string, entry: CacheEntry & { readonly mark: string }): void {
  const { json, head, tags, loadMs, mark, loadedAt, staleUntil } = entry;
  const value = { json, head: head === undefined ? "" : JSON.stringify(head), tags, loadMs, mark };
  if (2 * json.length <= limits.cacheEntryBytes && compiled.cache !== undefined)
    host.caches.store?.write(key, value, staleUntil - loadedAt);
}

function failureOf(execution: RunningExecution, thrown: unknown): LoadFailure {
  const { code } = toFault(thrown);
  const { retry, breaker: quiet } = codes[code];
  // Refused before it ran, or ended from outside while it ran: another caller may have more time.
  const alone = !execution.holdsSlot || execution.handling || code === "deadline_exceeded" || code === "cancelled";
  if (alone) return { end: "alone", quiet };
  return { end: retry === "never" ? "response" : quiet ? "failure" : "alone", quiet };
}

function cacheOf({ compiled }: RunningExecution): CompiledCache {
  return compiled.cache as CompiledCache;
}
