import { Fault } from "../fault.ts";

/**
 * Refuses key material that cannot be used: the operator who set it needs the message and no stack, so it is a fault.
 * *Faults thrown*: `failed_precondition` of type `key_unusable`.
 */
export function requireKey(holds: unknown, message: string): asserts holds {
  if (!holds) throw new Fault({ code: "failed_precondition", type: "key_unusable", message });
}

/** Fewer different bytes, or steps between them, than any real secret of 32 bytes has: written in decimal digits, one in ten million has fewer. */
const fewestDifferent = 6;
/** Secrets that documents print, and that are copied from there. */
const published = new Set(["a-string-secret-at-least-256-bits-long", "your-256-bit-secret-your-256-bit-secret"]);

/**
 * Says why a text or bytes cannot be a secret, whatever their length: undefined if it can be one. It finds texts that were not drawn at random: one
 * byte or pattern over and over, a sequence, an example that was copied. It cannot find a sentence that can be guessed.
 * *Guarantees*: what it says repeats nothing of the secret.
 */
export function secretWeakness(secret: Uint8Array): string | undefined {
  const steps = secret.subarray(1).map((byte, at) => byte - secret[at]!);
  if (repeats(secret)) return "repeats one pattern";
  if (new Set(secret).size < fewestDifferent) return `has fewer than ${fewestDifferent} different bytes`;
  if (repeats(steps) || new Set(steps).size < fewestDifferent) return "is a sequence";
  return published.has(Buffer.from(secret).toString()) ? "is copied from a document" : undefined;
}

/**
 * Whether bytes are one pattern, at least twice.
 * *Source*: the shortest period of a text out of its longest border (Knuth, Morris and Pratt).
 */
function repeats(bytes: Uint8Array): boolean {
  const borders = [0];
  for (let at = 1, border = 0; at < bytes.length; at++) {
    while (border > 0 && bytes[at] !== bytes[border]) border = borders[border - 1]!;
    if (bytes[at] === bytes[border]) border++;
    borders.push(border);
  }
  return 2 * (bytes.length - borders.at(-1)!) <= bytes.length;
}
