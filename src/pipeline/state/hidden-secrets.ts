import type { RunningExecution } from "./running-execution.ts";

const hidden = "[secret]";
/** Shorter texts are too often a part of others. */
const shortest = 4;
const deepest = 8;

const known = new WeakMap<RunningExecution, readonly string[]>();

/**
 * Hides the secrets of an execution's input in what its handler writes to a log or a note, wherever they stand in a text. *Bounds*: secrets of 4 characters or more;
 * plain objects and arrays, 8 levels deep. What is something else, such as an error, stays as it is.
 */
export function hideSecrets<T>(execution: RunningExecution, value: T): T {
  if (!execution.compiled.input.hasSecrets || execution.sent === undefined) return value;
  let secrets = known.get(execution);
  if (secrets === undefined) {
    const found = new Set<string>();
    collect(execution.input, execution.compiled.input.redact(execution.input), found);
    secrets = [...found].toSorted((one, other) => other.length - one.length);
    known.set(execution, secrets);
  }
  return secrets.length === 0 ? value : (hide(value, secrets, 0) as T);
}

/** Finds the texts that redaction hides. */
function collect(value: unknown, redacted: unknown, found: Set<string>): void {
  if (redacted === hidden) return collectAll(value, found);
  if (typeof value !== "object" || value === null || typeof redacted !== "object" || redacted === null) return;
  for (const [key, inner] of Object.entries(value)) collect(inner, (redacted as Readonly<Record<string, unknown>>)[key], found);
}

function collectAll(value: unknown, found: Set<string>): void {
  if (typeof value === "string" && value.length >= shortest) found.add(value);
  else if (typeof value === "object" && value !== null) for (const inner of Object.values(value)) collectAll(inner, found);
}

function hide(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === "string") return secrets.reduce((text, secret) => text.replaceAll(secret, hidden), value);
  if (typeof value !== "object" || value === null || depth > deepest) return value;
  if (Array.isArray(value)) return value.map((inner) => hide(inner, secrets, depth + 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hide(key, secrets, depth), hide(inner, secrets, depth + 1)]));
}
