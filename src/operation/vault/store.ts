import type { AskVault, KeyOwner, KeyRow } from "./vault.ts";

/** A root key as it is kept. */
export interface RootRow {
  readonly generation: number;
  /** Which key of the provider wrapped it. */
  readonly provider: string;
  readonly wrapped: string;
  /** *Units*: milliseconds since it was made. */
  readonly ageMs: number;
}

/** A sealed value for which a token stands elsewhere. */
export interface TokenRow {
  readonly tenant: string;
  readonly token: string;
  readonly field: string;
  readonly sealed: string;
}

/** Keeps the keys of the vault, and the values behind tokens. None of them is there in clear. */
export interface VaultStore {
  /** Sends a statement apart from any transaction. */
  readonly ask: AskVault;
  roots(): Promise<readonly RootRow[]>;
  /** Adds a root key; false where another process was first. */
  addRoot(root: Omit<RootRow, "ageMs">): Promise<boolean>;
  wrapRoot(root: Omit<RootRow, "ageMs">, was: string): Promise<boolean>;
  dropRoots(before: number): Promise<number>;
  store(rows: readonly KeyRow[]): Parameters<AskVault>[0];
  /** The key that seals for the owner: that one where there is none; undefined where another transaction has just made one. */
  current(ask: AskVault, row: KeyRow): Promise<KeyRow | undefined>;
  find(ask: AskVault, ids: readonly string[]): Promise<readonly KeyRow[]>;
  rotate(row: KeyRow, olderMs: number): Promise<boolean>;
  oldTenants(olderMs: number, limit: number): Promise<readonly string[]>;
  ofOldRoots(before: number, limit: number): Promise<readonly KeyRow[]>;
  rewrap(rows: readonly KeyRow[]): Promise<number>;
  /** Deletes the keys of a person. Returns how many there were. */
  erase(ask: AskVault, owner: KeyOwner): Promise<number>;
  tokensOfOldKeys(limit: number): Promise<readonly TokenRow[]>;
  resealToken(token: TokenRow & { readonly key: string }, was: string): Promise<boolean>;
}
