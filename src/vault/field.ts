import assert from "node:assert";
import { randomBytes } from "node:crypto";
import { limits } from "../core/limits.ts";
import { readSealed } from "../operation/vault/sealed.ts";
import { type BoundVault, boundVault, type VaultHolder } from "../operation/vault/vault.ts";
import type { Display } from "./display.ts";
import { sealedTextErased, sealedTextInvalid, valueTooLarge } from "./faults.ts";

/** Options of {@link vaultField}. */
export interface VaultFieldOptions {
  /** How a value is shown where it is not opened, as with `lastShown()`. *Default*: `••••`. */
  readonly display?: Display;
}

/** Where a value is kept, and whose it is. */
export interface SealedRow {
  /** The id of the row. A sealed text is opened in this row alone. */
  readonly id: string;
  /** A person, with whose key it is sealed: `eraseSubject` erases it. *Default*: the key of the tenant. */
  readonly subject?: string;
}

/** A kind of value that the vault seals. Each function runs in the transaction of the scope, for its tenant. */
export interface VaultField {
  readonly name: string;
  /**
   * Seals a value as a text, for a column of your own.
   * *Bounds*: `limits.vaultValueBytes`. *Guarantees*: AES-256-GCM with a key of the tenant or the person; the text is good for this field, row and tenant alone.
   * @example const sealed = await iban.seal(scope, { id: accountId }, value);
   */
  seal(scope: VaultHolder, row: SealedRow, value: string): Promise<string>;
  /**
   * Opens a sealed text.
   * *Faults thrown*: `not_found` of type `sealed_text_erased`, where its key was deleted; `internal` of type `sealed_text_invalid`, where it was changed or is of
   * another place.
   * @example const value = await iban.open(scope, { id: accountId }, sealed);
   */
  open(scope: VaultHolder, row: Pick<SealedRow, "id">, sealed: string): Promise<string>;
  /**
   * Returns the text sealed with the current key; undefined where it is so already. Rows are sealed again with it after a rotation.
   * @example const again = await iban.reseal(scope, { id: accountId }, sealed);
   */
  reseal(scope: VaultHolder, row: Pick<SealedRow, "id">, sealed: string): Promise<string | undefined>;
  /** Shows a value without telling it. */
  display(value: string): string;
  /**
   * Keeps a value in the vault, and returns a token that stands for it: tables, tasks, events and logs have the token only.
   * *Guarantees*: the token is random, so that it tells nothing of the value.
   * @example const { token, display } = await card.tokenize(scope, number);
   */
  tokenize(scope: VaultHolder, value: string): Promise<{ readonly token: string; readonly display: string }>;
  /** Returns the value for which a token stands; undefined where there is none for this field and tenant. */
  detokenize(scope: VaultHolder, token: string): Promise<string | undefined>;
  /** Forgets a value. Returns whether there was one. */
  forget(scope: VaultHolder, token: string): Promise<boolean>;
}

const nameForm = /^[a-z][a-z0-9.-]{2,80}$/;

/**
 * Declares a kind of value that the vault of the app seals. The app needs `createApp({ vault })`.
 * @example export const card = vaultField("billing.card", { display: lastShown() });
 */
export function vaultField(name: string, { display = () => "••••" }: VaultFieldOptions = {}): VaultField {
  assert(nameForm.test(name), `vaultField("${name}") is lower case and begins with its module, as in "billing.card".`);
  const keyOf = async ({ keys, ask, tenant }: BoundVault, sealed: string) => {
    const id = readSealed(sealed)?.key;
    if (id === undefined) throw sealedTextInvalid();
    const key = (await keys.keysOf(ask, [sealed])).get(id);
    if (key === undefined) throw sealedTextErased();
    // A text that was copied into the row of another tenant is not opened there.
    if (key.tenant !== tenant) throw sealedTextInvalid();
    return key;
  };
  const open = async (scope: VaultHolder, { id }: Pick<SealedRow, "id">, sealed: string) =>
    (await keyOf(scope[boundVault], sealed)).open({ field: name, id }, sealed);
  const seal = async (scope: VaultHolder, { id, subject = "" }: SealedRow, value: string) => {
    assertFits(name, value);
    const { keys, ask, tenant } = scope[boundVault];
    return (await keys.current(ask, { tenant, subject })).seal({ field: name, id }, value);
  };
  return {
    ...{ name, display, seal, open },
    async reseal(scope, row, sealed) {
      const bound = scope[boundVault];
      const key = await keyOf(bound, sealed);
      const current = await bound.keys.current(bound.ask, key);
      return current.id === key.id ? undefined : current.seal({ field: name, id: row.id }, key.open({ field: name, id: row.id }, sealed));
    },
    async tokenize(scope, value) {
      assertFits(name, value);
      const { keys, ask, tenant } = scope[boundVault];
      const token = `tok_${randomBytes(18).toString("base64url")}`;
      const key = await keys.current(ask, { tenant, subject: "" });
      const shown = display(value);
      const sealed = key.seal({ field: name, id: token }, value);
      await ask(call("select plimsoll.keep_vault_token($1, $2, $3, $4, $5, $6)", [tenant, token, name, sealed, key.id, shown]));
      return { token, display: shown };
    },
    async detokenize(scope, token) {
      const { ask, tenant } = scope[boundVault];
      const { rows } = await ask(call("select sealed from plimsoll.find_vault_token($1, $2, $3)", [tenant, token, name]));
      return rows[0] === undefined ? undefined : open(scope, { id: token }, String(rows[0].sealed));
    },
    async forget(scope, token) {
      const { ask, tenant } = scope[boundVault];
      const { rows } = await ask(call("select plimsoll.delete_vault_token($1, $2, $3) as done", [tenant, token, name]));
      return rows[0]?.done === true;
    },
  };
}

/**
 * Deletes all keys of a person of the tenant: what they sealed, in columns and in the data of events, cannot be read any more, also not in a replay. Returns how
 * many keys there were.
 * @example await eraseSubject(scope, customerId);
 */
export async function eraseSubject(scope: VaultHolder, subject: string): Promise<number> {
  assert(subject !== "", "eraseSubject needs the id of a person. Give it.");
  const { ask, tenant } = scope[boundVault];
  const { rows } = await ask(call("select plimsoll.erase_vault_subject($1, $2) as erased", [tenant, subject]));
  return Number(rows[0]?.erased);
}

const call = (text: string, values: readonly unknown[]) => ({ text, values, columnsAsIs: true });

function assertFits(name: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > limits.vaultValueBytes) throw valueTooLarge(name, { bytes, limit: limits.vaultValueBytes });
}
