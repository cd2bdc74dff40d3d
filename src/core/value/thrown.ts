import { limits } from "../limits.ts";

/** Reads what may throw when it is read: a getter, a trap of a Proxy, a `toString`. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether it is an error. *Guarantees*: never throws, also for a Proxy that was revoked. */
export function isError(thrown: unknown): thrown is Error {
  return attempt(() => thrown instanceof Error) === true;
}

/** What is known of a thrown value. */
export interface ThrownText {
  /** Of an error: its own name, such as `TypeError`. */
  readonly name: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  /** Undefined where there is none. */
  readonly cause: unknown;
}

const hugest = 2n ** 256n;
const unreadable = "something that cannot be read";

/**
 * Reads anything that was thrown: an error, a text, nothing at all, an object whose `message`, `stack` or `toString` throws.
 * *Bounds*: `limits.noteChars` of name and message, `limits.logFieldChars` of the stack. *Guarantees*: never throws.
 */
export function readThrown(thrown: unknown): ThrownText {
  if (!isError(thrown)) return { name: undefined, message: messageOf(thrown), stack: undefined, cause: undefined };
  const name = attempt(() => String(thrown.name).slice(0, limits.noteChars));
  const stack = attempt(() => (typeof thrown.stack === "string" ? thrown.stack.slice(0, limits.logFieldChars) : undefined));
  return { name: name ?? "Error", message: messageOf(thrown), stack, cause: attempt(() => thrown.cause) };
}

/** The message of anything that was thrown. *Bounds*: `limits.noteChars`. *Guarantees*: never throws, and is never empty. */
export function messageOf(thrown: unknown): string {
  const text = (attempt(() => plainMessageOf(thrown)) ?? unreadable).slice(0, limits.noteChars);
  return text === "" ? (isError(thrown) ? "an error without a message" : "an empty text") : text;
}

/** Name and message, as in `TypeError: …`; of what is no error, that it was thrown. */
export function describeThrown(thrown: unknown): string {
  const { name, message } = readThrown(thrown);
  return name === undefined ? `${message} was thrown, which is no error` : `${name}: ${message}`;
}

function shortText(value: unknown): string {
  // Writing the digits of a huge bigint takes long and helps no reader.
  return typeof value === "bigint" && (value > hugest || value < -hugest) ? "a huge number" : String(value);
}

function plainMessageOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return typeof thrown === "function" ? `a function ${thrown.name}` : shortText(thrown);
  if (Array.isArray(thrown)) return `an array of ${thrown.length}`;
  const { message } = thrown as { readonly message?: unknown };
  if (isError(thrown) || typeof message === "string") return String(message);
  const text = String(thrown);
  // Its keys, and not its values: what they hold is not known.
  return text.startsWith("[object ") ? `an object with the keys ${Object.keys(thrown).slice(0, 10).join(", ")}` : text;
}

/**
 * The entries of what was given as fields, whatever it is. A value that cannot be read is replaced by a text that says so.
 * *Guarantees*: never throws.
 */
export function entriesOf(fields: unknown): readonly (readonly [string, unknown])[] {
  if (typeof fields !== "object" || fields === null) return [];
  const keys = attempt(() => Object.keys(fields)) ?? [];
  return keys.map((key) => {
    try {
      return [key, (fields as Record<string, unknown>)[key]];
    } catch {
      return [key, unreadableValue];
    }
  });
}

/** Stands for a value that throws when it is read. */
export const unreadableValue = "[unreadable]";
