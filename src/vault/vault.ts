import assert from "node:assert";
import { type Duration, toMs } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import type { Service } from "../core/service.ts";
import { messageOf } from "../core/value/thrown.ts";
import type { Engine } from "../operation/durable/engine.ts";
import type { VaultStore } from "../operation/vault/store.ts";
import type { VaultKeys } from "../operation/vault/vault.ts";
import type { EngineHost } from "../pipeline/engine-source.ts";
import type { VaultSource } from "../pipeline/vault/source.ts";
import { DataKeys } from "./data-keys.ts";
import type { KeyProvider } from "./providers/provider.ts";
import { Roots } from "./roots.ts";
import { type Rotated, Rotation } from "./rotation.ts";

/** Options of {@link vault}. */
export interface VaultOptions {
  /** What keeps the key that wraps the root keys. */
  readonly keys: KeyProvider;
  /** How old a root key, and the key of a tenant, become before a new one takes over. *Default*: 90 d. *Bounds*: 1 d to 10 years. */
  readonly rotateAfter?: Duration;
}

/** The vault of an app. */
export interface Vault extends VaultSource {
  /**
   * Has new keys take over: a root key, under which all keys are wrapped again, and keys of tenants, with which the values of tokens are sealed again. What is in
   * columns of your own stays readable; seal it again with `reseal`. *Default*: keys of any age, of an app that has started.
   */
  rotateNow(options?: { readonly olderThan?: Duration }): Promise<Rotated>;
}

const dayMs = 86_400_000;

/**
 * Makes the vault of an app: keys for each tenant and person, wrapped by a root key, which a provider has wrapped. The provider is asked when the app starts and
 * when keys are rotated, and never in a transaction.
 * @example createApp({ vault: vault({ keys: environmentKeys({ keys: { "2026": process.env.VAULT_KEY } }) }), … })
 */
export function vault({ keys, rotateAfter = limits.vaultRotateMs }: VaultOptions): Vault {
  const rotateAfterMs = toMs(rotateAfter);
  assert(
    rotateAfterMs >= dayMs && rotateAfterMs <= 3_650 * dayMs,
    `vault({ rotateAfter }) is ${rotateAfterMs} ms. Write a duration from 1d to 3650d.`,
  );
  let last: Rotation | undefined;
  return {
    engine: (store) => ({
      open: (host) => {
        const engine = new VaultEngine(host, { store, provider: keys, rotateAfterMs });
        last = engine.rotation;
        return engine;
      },
    }),
    rotateNow: async ({ olderThan = 0 } = {}) => {
      assert(last !== undefined, "rotateNow needs an app that has this vault. Give it to createApp, and start the app.");
      return last.rotate(toMs(olderThan));
    },
  };
}

interface VaultEngineSpec {
  readonly store: VaultStore;
  readonly provider: KeyProvider;
  readonly rotateAfterMs: number;
}

/** Keeps the keys of an app in memory, and rotates them. It runs no operations. */
class VaultEngine implements Engine {
  readonly kinds = [] as const;
  readonly pages = [];
  readonly service: Service;
  readonly vault: VaultKeys;
  readonly rotation: Rotation;

  constructor({ runtime, works }: EngineHost, { store, provider, rotateAfterMs }: VaultEngineSpec) {
    const { clock, signals } = runtime;
    const roots = new Roots({ store, provider, clock });
    const keys = new DataKeys({ store, roots, clock });
    this.vault = keys;
    this.rotation = new Rotation({
      ...{ store, roots, keys, clock, rotateAfterMs, works },
      failing: (error) => {
        const message = `The keys of the vault could not be looked after; the process continues with those that it has. Check ${provider.name} and the database.`;
        const ids = { requestId: "", traceId: "", spanId: "" };
        signals.logged.publish({
          level: "warn",
          message,
          fields: { error: messageOf(error) },
          at: clock.now(),
          operation: "plimsoll.vault",
          ...ids,
        });
      },
    });
    this.service = { name: "vault", start: () => this.rotation.start(), stop: () => this.rotation.stop() };
  }

  get starts(): never {
    throw new Fault({ code: "failed_precondition", message: "The vault starts no work. Start a task." });
  }
}
