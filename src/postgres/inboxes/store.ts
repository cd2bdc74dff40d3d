import { limits } from "../../core/limits.ts";
import type { InboxStore, ReadRefusedMessage, Reception } from "../../messaging/inbox/store.ts";
import type { Statement, StatementResult } from "../../operation/transaction.ts";
import { borrowed, type Lender } from "../lender.ts";

/** How long a statement on inboxes may take before its connection is cut. */
const statementMs = 10_000;

/** Keeps what is received from brokers in PostgreSQL. See the migration for how. */
export class PostgresInboxStore implements InboxStore {
  readonly #lender: Lender;

  constructor(lender: Lender) {
    this.#lender = lender;
  }

  async positions(subscription: string): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.#ask("select shard, position from plimsoll.read_inbox($1) where position is not null", [subscription]);
    return new Map(rows.map(({ shard, position }) => [shard as string, position as string]));
  }

  async receive({ subscription, shard, from, to, events, refused }: Reception): Promise<number | undefined> {
    const letters = refused.map((letter) => ({ ...letter, body: Buffer.from(letter.body).toString("base64") }));
    const { rows } = await this.#ask(
      `select moved, received from plimsoll.receive_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        ...[subscription, shard, from ?? null, to ?? null],
        ...[events.map(({ id }) => id), events.map(({ name }) => name), events.map(({ version }) => version), events.map(({ key }) => key)],
        ...[events.map(({ tenant }) => tenant), events.map(({ actor }) => actor), events.map(({ trace }) => trace)],
        ...[events.map(({ causation }) => causation), events.map(({ correlation }) => correlation), events.map(({ data }) => data)],
        JSON.stringify(letters),
      ],
    );
    const { moved, received } = rows[0] as { readonly moved: boolean; readonly received: number };
    return moved ? received : undefined;
  }

  async deadLetters(subscription: string | undefined, limit: number): Promise<readonly ReadRefusedMessage[]> {
    const text = "select id, subscription, shard, place, died, reason, headers, body from plimsoll.read_inbox_dead_letters($1, $2)";
    const { rows } = await this.#ask(text, [subscription ?? null, limit]);
    return rows as unknown as readonly ReadRefusedMessage[];
  }

  async countRefused(subscription: string): Promise<number> {
    const { rows } = await this.#ask("select plimsoll.count_inbox_dead_letters($1, $2) as count", [subscription, limits.eventCount]);
    return rows[0]?.count as number;
  }

  async keep({ idsMs, deadLetterMs }: Parameters<InboxStore["keep"]>[0]): Promise<void> {
    await this.#ask("select plimsoll.keep_inboxes($1, $2, $3)", [idsMs, deadLetterMs, limits.inboxExpiryTurn]);
  }

  #ask(text: string, values: readonly unknown[]): Promise<StatementResult> {
    const statement: Statement = { text, values, columnsAsIs: true };
    return borrowed(this.#lender, statementMs, (connection) => connection.send(statement));
  }
}
