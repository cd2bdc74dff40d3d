import assert from "node:assert/strict";
import type { Clock } from "../../core/clock.ts";
import type { KeyProvider } from "../../vault/providers/provider.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a provider of keys. */
export interface KeyProviderSample {
  /** Creates a provider; each time with the same keys. */
  create(): KeyProvider;
  readonly clock: Clock;
}

const keys = [new Uint8Array(32), new Uint8Array(32).fill(255), Uint8Array.from({ length: 32 }, (_, at) => at * 7)];

const claims: Readonly<Record<string, (sample: KeyProviderSample) => Promise<void>>> = {
  "unwraps what it wrapped, also where it was created again": async ({ create, clock }) => {
    for (const key of keys) {
      const wrapped = await create().wrap(key, clock);
      assert.deepEqual(Buffer.from(await create().unwrap(wrapped, clock)), Buffer.from(key));
    }
  },
  "tells nothing of the key in what it wrapped": async ({ create, clock }) => {
    const key = Buffer.from(keys[2] ?? "");
    const { wrapped } = await create().wrap(key, clock);
    for (const form of ["hex", "base64", "base64url", "latin1"] as const) assert.ok(!wrapped.includes(key.toString(form)));
  },
  "names the key that wrapped, which is the current one where that is known": async ({ create, clock }) => {
    const provider = create();
    const { key } = await provider.wrap(keys[0] ?? new Uint8Array(), clock);
    assert.ok(key.length > 0);
    if (provider.current !== undefined) assert.equal(provider.current, key);
  },
  "does not unwrap what was changed": async ({ create, clock }) => {
    const { key, wrapped } = await create().wrap(keys[1] ?? new Uint8Array(), clock);
    const at = wrapped.length - 8;
    const changed = `${wrapped.slice(0, at)}${wrapped[at] === "A" ? "B" : "A"}${wrapped.slice(at + 1)}`;
    await assert.rejects(create().unwrap({ key, wrapped: changed }, clock));
  },
  "says in no error what it was given": async ({ create, clock }) => {
    const secret = "the-wrapped-text-of-a-root-key";
    await assert.rejects(
      create().unwrap({ key: "no such key", wrapped: secret }, clock),
      (error: unknown) => !String(error).includes(secret),
    );
  },
};

/**
 * Checks that a provider of keys does what the vault expects of one.
 * @example for (const { name, run } of keyProviderConformance({ create: () => myKeys(), clock: systemClock })) it(name, run);
 */
export function keyProviderConformance(sample: KeyProviderSample): readonly ConformanceCase[] {
  return Object.entries(claims).map(([name, claim]) => ({ name, run: () => claim(sample) }));
}
