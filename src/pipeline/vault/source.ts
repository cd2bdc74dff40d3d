import type { VaultStore } from "../../operation/vault/store.ts";
import type { EngineSource } from "../engine-source.ts";

/** The vault of an app, as `vault` of `plimsoll/vault` makes it. */
export interface VaultSource {
  /** Makes the engine that keeps its keys in a store. */
  engine(store: VaultStore): EngineSource;
}
