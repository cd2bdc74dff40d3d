import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { limits } from "../../core/limits.ts";

let collect: NodeJS.GCFunction | undefined;
let bytes = 0;

/**
 * So many bytes were let go of. They are outside of the heap, so V8 sees little garbage in them, and collects only when there are 64 MiB. A collection of the
 * young generation frees them, and the allocator gives the same pages again, which also costs less than new ones. What a handler keeps is kept.
 * *Bounds*: one collection for each `limits.uploadGarbageBytes` of the process.
 */
export function letGoOf(length: number): void {
  bytes += length;
  if (bytes < limits.uploadGarbageBytes) return;
  bytes = 0;
  collect ??= globalThis.gc ?? collector();
  collect({ type: "minor" });
}

/** Takes the collector from a context of its own, so that no global of the application changes. */
function collector(): NodeJS.GCFunction {
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("gc") as NodeJS.GCFunction;
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
