import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";
import { requireKey, secretWeakness } from "../../core/config/secret.ts";
import { openBytes, sealBytes } from "../crypto.ts";
import { vaultUnavailable } from "../faults.ts";
import type { KeyProvider } from "./provider.ts";

/** Options of {@link environmentKeys}. */
export interface EnvironmentKeysOptions {
  /**
   * Secrets of at least 32 bytes by names that never change, as in `{ "2026": process.env.VAULT_KEY }`. The last one wraps, all of them unwrap: to rotate, add one,
   * and take the old one out once an app has run with both for a minute.
   */
  readonly keys: Readonly<Record<string, string | undefined>>;
}

const about = "plimsoll root key";

/**
 * Makes a provider of keys that the process has itself, such as out of its environment.
 * *Faults thrown*: `failed_precondition` of type `key_unusable` for a secret that is missing, short or not drawn at random.
 * @example vault({ keys: environmentKeys({ keys: { "2026": process.env.VAULT_KEY } }) })
 */
export function environmentKeys({ keys }: EnvironmentKeysOptions): KeyProvider {
  const named = new Map(Object.entries(keys).map(([name, secret]) => [name, keyOf(name, secret)]));
  return localKeys("environmentKeys", async () => named, [...named.keys()].at(-1));
}

/**
 * Makes a provider of keys in a file, which is read each time that a key is needed: one `name=secret` a line, of which the last one wraps.
 * *Faults thrown*: by the start of the app, `failed_precondition` of type `key_unusable`.
 * @example vault({ keys: fileKeys("/run/secrets/vault-keys") })
 */
export function fileKeys(path: string): KeyProvider {
  return localKeys(`fileKeys(${path})`, async () => {
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.trim() !== "");
    return new Map(
      lines.map((line) => line.split(/=(.*)/s)).map(([name = "", secret]) => [name.trim(), keyOf(name.trim(), secret?.trim())]),
    );
  });
}

function localKeys(name: string, read: () => Promise<ReadonlyMap<string, Buffer>>, current?: string): KeyProvider {
  return {
    name,
    ...(current !== undefined && { current }),
    wrap: async (bytes: Uint8Array, clock: Clock) => {
      const [key, secret] = [...(await read())].at(-1) ?? [];
      requireKey(key !== undefined && secret !== undefined, `${name} has no key. Make one with: openssl rand -base64 48`);
      return { key, wrapped: sealBytes(clock, secret, { text: bytes, about }).toString("base64url") };
    },
    unwrap: async ({ key, wrapped }) => {
      const secret = (await read()).get(key);
      if (secret === undefined) throw vaultUnavailable(`${name} has no key "${key}", which wrapped a root key of the vault. Add it again.`);
      const bytes = openBytes(secret, Buffer.from(wrapped, "base64url"), about);
      if (bytes === undefined)
        throw vaultUnavailable(`The key "${key}" of ${name} is not the one that wrapped a root key of the vault. Restore it.`);
      return bytes;
    },
  };
}

function keyOf(name: string, secret: string | undefined): Buffer {
  const make = "Make a secret with: openssl rand -base64 48";
  requireKey(secret !== undefined && secret !== "", `The key "${name}" of the vault is not set. ${make}`);
  const bytes = Buffer.from(secret);
  requireKey(bytes.length >= 32, `The key "${name}" of the vault has ${bytes.length} bytes; it needs at least 32. ${make}`);
  const weakness = secretWeakness(bytes);
  requireKey(weakness === undefined, `The key "${name}" of the vault ${weakness}, so it can be guessed. ${make}`);
  return createHash("sha256").update("plimsoll vault key").update(bytes).digest();
}
