import { type Clock, Repeated } from "../core/clock.ts";
import { limits } from "../core/limits.ts";
import { readSealed } from "../operation/vault/sealed.ts";
import type { TokenRow, VaultStore } from "../operation/vault/store.ts";
import type { DataKeys } from "./data-keys.ts";
import type { Roots } from "./roots.ts";

/** What a rotation did. */
export interface Rotated {
  /** Whether a new root key has taken over. */
  readonly root: boolean;
  /** Keys that were wrapped by it. */
  readonly rewrapped: number;
  /** Tenants that got a new key. */
  readonly tenants: number;
  /** Tokens whose values were sealed again. */
  readonly tokens: number;
}

/** What rotates keys. */
export interface RotationOptions {
  readonly store: VaultStore;
  readonly roots: Roots;
  readonly keys: DataKeys;
  readonly clock: Clock;
  readonly rotateAfterMs: number;
  /** Whether this process rotates, or only learns of new keys. */
  readonly works: boolean;
  readonly failing: (error: unknown) => void;
}

/** Has new keys take over from old ones, a bounded part at a time. Several processes may do so at once: each change is made where what it changes is unchanged. */
export class Rotation {
  readonly #options: RotationOptions;
  readonly #looking: Repeated;

  constructor(options: RotationOptions) {
    this.#options = options;
    const { clock, works, roots, rotateAfterMs, failing } = options;
    const work = () => (works ? this.rotate(rotateAfterMs) : roots.load());
    this.#looking = new Repeated({ clock, everyMs: limits.vaultLookMs, work, failed: failing });
  }

  async start(): Promise<void> {
    await this.#options.roots.load();
    this.#looking.start();
  }

  stop(): Promise<void> {
    return this.#looking.stop();
  }

  async rotate(olderMs: number): Promise<Rotated> {
    const { roots, store, keys } = this.#options;
    const isOld = (await roots.load()) >= olderMs;
    if (isOld) {
      await roots.add();
      await roots.load();
    } else await roots.wrapAgain();
    const rewrapped = await this.#rewrap();
    await store.dropRoots(roots.current);
    const tenants = await this.#rotateTenants(olderMs);
    const tokens = await this.#resealTokens();
    if (tenants > 0) keys.forget();
    return { root: isOld, rewrapped, tenants, tokens };
  }

  async #rewrap(): Promise<number> {
    const { roots, store, keys } = this.#options;
    for (let rewrapped = 0; ; ) {
      const rows = await store.ofOldRoots(roots.current, limits.vaultTurn);
      const done = rows.length === 0 ? 0 : await store.rewrap(keys.rewrapped(rows));
      rewrapped += done;
      if (done === 0) return rewrapped;
    }
  }

  async #rotateTenants(olderMs: number): Promise<number> {
    const { store, keys } = this.#options;
    const tenants = await store.oldTenants(olderMs, limits.vaultTurn);
    let rotated = 0;
    for (const tenant of tenants) if (await store.rotate(keys.fresh({ tenant, subject: "" }).row, olderMs)) rotated++;
    return rotated;
  }

  async #resealTokens(): Promise<number> {
    const { store, keys } = this.#options;
    keys.forget();
    for (let resealed = 0; ; ) {
      const rows = await store.tokensOfOldKeys(limits.vaultTurn);
      let done = 0;
      for (const row of rows) if (await this.#reseal(row)) done++;
      resealed += done;
      if (done === 0) return resealed;
    }
  }

  async #reseal({ tenant, token, field, sealed }: TokenRow): Promise<boolean> {
    const { store, keys } = this.#options;
    const id = readSealed(sealed)?.key;
    const key = id === undefined ? undefined : (await keys.keysOf(store.ask, [sealed])).get(id);
    if (key === undefined) return false;
    const current = await keys.current(store.ask, { tenant, subject: "" });
    if (current.id === key.id) return false;
    const place = { field, id: token };
    const again = { tenant, token, field, sealed: current.seal(place, key.open(place, sealed)), key: current.id };
    return store.resealToken(again, sealed);
  }
}
