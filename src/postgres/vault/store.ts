import type { Statement } from "../../operation/transaction.ts";
import type { RootRow, TokenRow, VaultStore } from "../../operation/vault/store.ts";
import type { AskVault, KeyOwner, KeyRow } from "../../operation/vault/vault.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a statement on keys may take before its connection is cut. */
const statementMs = 10_000;

const statement = (text: string, values: readonly unknown[]): Statement => ({ text, values, columnsAsIs: true });

/** Keeps the keys of the vault in PostgreSQL. See the migration for how. */
export class PostgresVaultStore implements VaultStore {
  readonly ask: AskVault;

  constructor(lender: Lender) {
    this.ask = (asked) => borrowed(lender, statementMs, (connection) => connection.send(asked));
  }

  async roots(): Promise<readonly RootRow[]> {
    return this.#rows(
      `select generation, provider, wrapped, (extract(epoch from plimsoll.now() - made_at) * 1000)::bigint as "ageMs" from plimsoll.read_vault_roots()`,
      [],
    );
  }

  addRoot({ generation, provider, wrapped }: Omit<RootRow, "ageMs">): Promise<boolean> {
    return this.#is("select plimsoll.add_vault_root($1, $2, $3) as value", [generation, provider, wrapped]);
  }

  wrapRoot({ generation, provider, wrapped }: Omit<RootRow, "ageMs">, was: string): Promise<boolean> {
    return this.#is("select plimsoll.wrap_vault_root($1, $2, $3, $4) as value", [generation, was, provider, wrapped]);
  }

  async dropRoots(before: number): Promise<number> {
    return Number(await this.#value("select plimsoll.drop_vault_roots($1) as value", [before]));
  }

  store(rows: readonly KeyRow[]): Statement {
    return {
      text: "select plimsoll.add_vault_keys($1)",
      columnsAsIs: true,
      // Read when it is sent: until then more may be added.
      get values() {
        return [JSON.stringify(rows)];
      },
    };
  }

  async current(ask: AskVault, { tenant, subject, id, root, wrapped }: KeyRow): Promise<KeyRow | undefined> {
    const text = "select id, tenant, subject, root, wrapped from plimsoll.current_vault_key($1, $2, $3, $4, $5)";
    const { rows } = await ask(statement(text, [tenant, subject, id, root, wrapped]));
    return rows[0] as unknown as KeyRow | undefined;
  }

  async find(ask: AskVault, ids: readonly string[]): Promise<readonly KeyRow[]> {
    const { rows } = await ask(statement("select id, tenant, subject, root, wrapped from plimsoll.read_vault_keys($1)", [ids]));
    return rows as unknown as readonly KeyRow[];
  }

  rotate({ tenant, id, root, wrapped }: KeyRow, olderMs: number): Promise<boolean> {
    return this.#is("select plimsoll.rotate_vault_key($1, $2, $3, $4, $5) as value", [tenant, olderMs, id, root, wrapped]);
  }

  async oldTenants(olderMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#rows<{ readonly tenant: string }>("select tenant from plimsoll.old_vault_tenants($1, $2)", [olderMs, limit]);
    return rows.map(({ tenant }) => tenant);
  }

  async ofOldRoots(before: number, limit: number): Promise<readonly KeyRow[]> {
    return this.#rows("select id, tenant, subject, root, wrapped from plimsoll.keys_of_old_roots($1, $2)", [before, limit]);
  }

  async rewrap(rows: readonly KeyRow[]): Promise<number> {
    return Number(await this.#value("select plimsoll.rewrap_vault_keys($1) as value", [JSON.stringify(rows)]));
  }

  async erase(ask: AskVault, { tenant, subject }: KeyOwner): Promise<number> {
    const { rows } = await ask(statement("select plimsoll.erase_vault_subject($1, $2) as value", [tenant, subject]));
    return Number(rows[0]?.value);
  }

  async tokensOfOldKeys(limit: number): Promise<readonly TokenRow[]> {
    return this.#rows("select tenant, token, field, sealed from plimsoll.tokens_of_old_keys($1)", [limit]);
  }

  resealToken({ tenant, token, sealed, key }: TokenRow & { readonly key: string }, was: string): Promise<boolean> {
    return this.#is("select plimsoll.reseal_vault_token($1, $2, $3, $4, $5) as value", [tenant, token, was, sealed, key]);
  }

  async #rows<T>(text: string, values: readonly unknown[]): Promise<readonly T[]> {
    const { rows } = await this.ask(statement(text, values));
    return rows as unknown as readonly T[];
  }

  async #value(text: string, values: readonly unknown[]): Promise<unknown> {
    return (await this.#rows<{ readonly value: unknown }>(text, values))[0]?.value;
  }

  async #is(text: string, values: readonly unknown[]): Promise<boolean> {
    return (await this.#value(text, values)) === true;
  }
}
