import type { Clock } from "../core/clock.ts";
import type { VaultStore } from "../operation/vault/store.ts";
import { vaultUnavailable } from "./faults.ts";
import type { KeyProvider } from "./providers/provider.ts";

const keyBytes = 32;
const tries = 3;

/** The root keys of the vault: in memory as the provider has unwrapped them, in the database wrapped. */
export class Roots {
  readonly #store: VaultStore;
  readonly #provider: KeyProvider;
  readonly #clock: Clock;
  readonly #keys = new Map<number, Buffer>();
  #current = 0;

  constructor({ store, provider, clock }: { readonly store: VaultStore; readonly provider: KeyProvider; readonly clock: Clock }) {
    this.#store = store;
    this.#provider = provider;
    this.#clock = clock;
  }

  /** The generation that wraps new keys. */
  get current(): number {
    return this.#current;
  }

  /** *Faults thrown*: `unavailable` of type `vault_unavailable`, where this process does not have it. */
  key(generation: number): Buffer {
    const key = this.#keys.get(generation);
    if (key !== undefined) return key;
    throw vaultUnavailable(
      `The root key ${generation} of the vault is not in this process yet. Try again in a moment; if it stays so, check the provider of keys.`,
    );
  }

  /** Unwraps the root keys that this process does not have, and makes the first one where there is none. Returns the age of the current one. */
  async load(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const rows = await this.#store.roots();
      const [newest] = rows;
      if (newest !== undefined) {
        for (const { generation, provider: key, wrapped } of rows)
          if (!this.#keys.has(generation)) this.#keys.set(generation, await this.#unwrap(generation, { key, wrapped }));
        this.#current = Math.max(this.#current, newest.generation);
        return newest.ageMs;
      }
      if (attempt === tries) throw vaultUnavailable("No root key of the vault could be made. Check the database.");
      await this.add(1);
    }
  }

  /** Makes another root key, which wraps new keys once it is kept. */
  async add(generation = this.#current + 1): Promise<void> {
    const key = this.#clock.randomBytes(keyBytes);
    const { key: provider, wrapped } = await this.#provider.wrap(key, this.#clock);
    await this.#store.addRoot({ generation, provider, wrapped });
  }

  /** Has the current key of the provider wrap what its earlier keys have wrapped. Returns how many. */
  async wrapAgain(): Promise<number> {
    let again = 0;
    for (const { generation, provider, wrapped } of await this.#store.roots()) {
      if (this.#provider.current === undefined || provider === this.#provider.current) continue;
      const next = await this.#provider.wrap(this.key(generation), this.#clock);
      if (await this.#store.wrapRoot({ generation, provider: next.key, wrapped: next.wrapped }, wrapped)) again++;
    }
    return again;
  }

  async #unwrap(generation: number, wrapped: { readonly key: string; readonly wrapped: string }): Promise<Buffer> {
    const key = Buffer.from(await this.#provider.unwrap(wrapped, this.#clock));
    if (key.length === keyBytes) return key;
    throw vaultUnavailable(`${this.#provider.name} returned ${key.length} bytes for the root key ${generation}, and it has ${keyBytes}.`);
  }
}
