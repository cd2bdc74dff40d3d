import assert from "node:assert";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import type { Code } from "../code.ts";
import { Fault } from "../fault.ts";

/** A function that can run on another thread: it is found there again by its module and its name. */
export interface CpuFunction<I, O> {
  readonly url: string;
  readonly name: string;
  /** Runs it here, on this thread. */
  readonly run: (input: I) => O | Promise<O>;
}

/** What a thread is asked to do. */
export interface CpuRequest {
  readonly url: string;
  readonly name: string;
  readonly input: unknown;
}

/** Its response. A fault goes in parts, since a structured clone keeps only the plain error of it. */
export type CpuReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: FaultParts }
  | { readonly ok: false; readonly error: unknown };

interface FaultParts {
  readonly code: Code;
  readonly type: string;
  readonly message: string;
  readonly details: unknown;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

// On globalThis, because a program may hold this module twice: as its source and as its build, or in two versions.
const key = Symbol.for("plimsoll.cpu");
interface Registry {
  readonly functions: Map<string, CpuFunction<never, unknown>>;
  thread: boolean;
}
const holder = globalThis as { [key]?: Registry };
holder[key] ??= { functions: new Map(), thread: false };
const registry: Registry = holder[key];

/** Says that this thread is one of cpu's own. */
export function becomeCpuThread(): void {
  registry.thread = true;
}

/** Returns whether this code runs on a worker thread of `cpu`. */
export function cpuThread(): boolean {
  return registry.thread;
}

/**
 * Declares a function that `cpu` can run on another thread. Pass `import.meta.url` and a name that is unique in the module.
 * A thread shares no memory with its parent, so a bare closure cannot be sent: its source text would lose every variable and import that it names.
 * Instead the thread imports the module that declares the function and finds it there by name. So it may use whatever its module imports and holds, TypeScript and
 * built JavaScript alike, but the module's top level runs once more in each thread, and what it holds in variables is each thread's own.
 * *Shapes*: input and result are what `structuredClone` takes: data, no functions and no class instances. *Bounds*: not in the program's entry file, which would
 * start the whole program again in the thread; asserted.
 * @example
 * // hash.ts
 * export const slowHash = cpuFunction(import.meta.url, "slowHash", ({ text }: { text: string }) => hashOf(text));
 */
export function cpuFunction<I, O>(moduleUrl: string, name: string, run: (input: I) => O | Promise<O>): CpuFunction<I, O> {
  const entry = process.argv[1];
  assert(
    !isMainThread || entry === undefined || pathToFileURL(entry).href !== moduleUrl,
    `"${name}" is declared in the program's entry file, which a thread would have to run again: move it into a module of its own`,
  );
  const id = `${moduleUrl}#${name}`;
  assert(!registry.functions.has(id), `"${name}" is declared twice in ${moduleUrl}: give each cpuFunction its own name`);
  const declared = { url: moduleUrl, name, run };
  registry.functions.set(id, declared);
  return declared;
}

/** Does on this thread what was asked, and never throws. */
export async function answer({ url, name, input }: CpuRequest): Promise<CpuReply> {
  try {
    await import(url);
    const declared = registry.functions.get(`${url}#${name}`);
    assert(
      declared,
      `"${name}" is not declared when ${url} is loaded: call cpuFunction at the top level of that module, under no condition`,
    );
    return { ok: true, value: await declared.run(input as never) };
  } catch (error) {
    if (!(error instanceof Fault)) return { ok: false, error };
    const { code, type, message, details, status, retryAfterMs } = error;
    const optional = { ...(status === undefined ? {} : { status }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    return { ok: false, fault: { code, type, message, details, ...optional } };
  }
}

/** Makes what a thread threw into what its caller catches. */
export function restoreThrown(reply: Extract<CpuReply, { ok: false }>): unknown {
  return "fault" in reply ? new Fault(reply.fault) : reply.error;
}
