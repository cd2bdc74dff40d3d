import type { Statement, StatementResult } from "../transaction.ts";

/** Sends a statement, in a transaction or apart from one. */
export type AskVault = (statement: Statement) => Promise<StatementResult>;

/** Whose key it is: a tenant's (empty for none), or a person's of that tenant. */
export interface KeyOwner {
  readonly tenant: string;
  /** Empty for the key of the tenant. */
  readonly subject: string;
}

/** Where a sealed value belongs. It is opened nowhere else. */
export interface SealedPlace {
  /** What kind of value it is, as in `cards.number`. */
  readonly field: string;
  /** The id of the row, or of whatever holds the value. */
  readonly id: string;
}

/** A key that seals values, in memory. */
export interface DataKey extends KeyOwner {
  readonly id: string;
  seal(place: SealedPlace, text: string): string;
  /** *Faults thrown*: `invalid_argument` of type `sealed_text_invalid`, where it was sealed for another place, or was changed. */
  open(place: SealedPlace, sealed: string): string;
}

/** A key as it is kept: wrapped by a root key. */
export interface KeyRow extends KeyOwner {
  readonly id: string;
  /** The generation of the root key. */
  readonly root: number;
  readonly wrapped: string;
  /** Whether what it seals is kept for good, as events of streams are. *Default*: no: it goes once what it sealed has left the log. */
  readonly lasting?: boolean;
}

/** The keys of an app. An engine gives them to the pipeline. */
export interface VaultKeys {
  /** The key that seals for an owner now; made where there is none. */
  current(ask: AskVault, owner: KeyOwner): Promise<DataKey>;
  /** The keys that sealed these texts, by their ids. Those that were erased are missing. */
  keysOf(ask: AskVault, sealed: readonly string[]): Promise<ReadonlyMap<string, DataKey>>;
  /** The keys with these ids. Those that were erased are missing. */
  keysById(ask: AskVault, ids: Iterable<string>): Promise<ReadonlyMap<string, DataKey>>;
  /** A key that is made of all of these, one or more: where one of them was erased, what it sealed is erased. It has the id of the first one by their ids. */
  joint(keys: readonly DataKey[]): DataKey;
  /** A new key for what a transaction writes about a person: it needs nothing of the database, and is kept by `store`. */
  fresh(owner: KeyOwner): { readonly key: DataKey; readonly row: KeyRow };
  /** Keeps new keys. The rows are read when the statement is sent. */
  store(rows: readonly KeyRow[]): Statement;
  /** Sends a statement apart from any transaction. */
  readonly ask: AskVault;
}

/** The vault as the scope of one transaction has it. */
export interface BoundVault {
  readonly keys: VaultKeys;
  readonly ask: AskVault;
  /** Empty for none. */
  readonly tenant: string;
}

/** By this name the functions of `plimsoll/vault` find the vault of the app in a scope. */
export const boundVault: unique symbol = Symbol("boundVault");

/** A scope in which values are sealed and opened. */
export interface VaultHolder {
  readonly [boundVault]: BoundVault;
}
