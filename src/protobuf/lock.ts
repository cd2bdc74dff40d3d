import { readFileSync, writeFileSync } from "node:fs";
import { Fault } from "../core/fault.ts";
import type { GrpcLock } from "./descriptor/numbers.ts";

/** The file that keeps the numbers of fields, and of which other surfaces keep parts of their own. */
export const lockFile = "contracts.lock.json";

/**
 * Reads the part `grpc` of the file; undefined where there is no file, or no such part.
 * *Faults thrown*: `failed_precondition` of type `contracts_lock_unreadable`.
 */
export function readLock(path: string | URL): GrpcLock | undefined {
  const whole = readWhole(path);
  const part = whole?.grpc;
  if (part === undefined) return undefined;
  if (!isLock(part)) throw unreadable(path, 'its part "grpc" is not as it was written');
  return part;
}

/** Writes the part `grpc` of the file, and leaves the others as they are. *Faults thrown*: as of {@link readLock}. */
export function writeLock(path: string | URL, lock: GrpcLock): void {
  const whole = { ...readWhole(path), grpc: lock };
  writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
}

function readWhole(path: string | URL): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(path, String((error as Error).message), error);
  }
  try {
    const whole: unknown = JSON.parse(text);
    if (typeof whole === "object" && whole !== null && !Array.isArray(whole)) return whole as Record<string, unknown>;
  } catch (error) {
    throw unreadable(path, "it is not JSON", error);
  }
  throw unreadable(path, "it is not an object");
}

function isLock(part: unknown): part is GrpcLock {
  if (typeof part !== "object" || part === null) return false;
  const isNumber = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 2 ** 29;
  return Object.values(part).every((message) => {
    const { numbers, reserved = [] } = Object(message) as { readonly numbers?: unknown; readonly reserved?: unknown };
    const all = [...Object.values(Object(numbers)), ...(Array.isArray(reserved) ? reserved : [Number.NaN])];
    return typeof numbers === "object" && numbers !== null && all.every(isNumber) && new Set(all).size === all.length;
  });
}

const unreadable = (path: string | URL, why: string, cause?: unknown): Fault =>
  new Fault({
    code: "failed_precondition",
    type: "contracts_lock_unreadable",
    message: `${String(path)} cannot be used: ${why}. Take the file from version control: it keeps the numbers that clients have.`,
    cause,
  });
