import assert from "node:assert";

/** What hashing once costs. */
export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** A stored hash, taken apart. */
export interface EncodedPassword extends Argon2Cost {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** Writes a hash in the form that other libraries read too. *Source*: the PHC string format, argon2 version 1.3. */
export function formatPassword({ memoryKib, passes, parallelism, salt, tag }: EncodedPassword): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
}

const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;
/** What a stored hash may cost at the most, so that a damaged one cannot hold a thread for minutes. */
const highest: Argon2Cost = { memoryKib: 1_048_576, passes: 16, parallelism: 16 };

/** Reads a stored hash. Asserts that it is one, with parameters that are worth running. */
export function parsePassword(encoded: string): EncodedPassword {
  const match = form.exec(encoded);
  // The stored text itself stays out of the message: it may end in a log.
  assert(
    match !== null,
    "The stored text is not an Argon2id hash in PHC form ($argon2id$v=19$…). Store the whole text that hashPassword returned.",
  );
  const [memoryKib, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, tag] = match.slice(4).map((text) => Buffer.from(text, "base64")) as [Buffer, Buffer];
  const low = memoryKib >= 8 * parallelism && passes >= 1 && parallelism >= 1;
  const high = memoryKib <= highest.memoryKib && passes <= highest.passes && parallelism <= highest.parallelism;
  assert(low && high, "The parameters of this argon2id hash are out of range. Store the whole text that hashPassword returned.");
  return { memoryKib, passes, parallelism, salt, tag };
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
