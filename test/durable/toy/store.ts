import type { Statement } from "plimsoll/ports";
import { borrowed, type Lender } from "plimsoll/postgres";

/** A relay as it is written. */
export interface RelayRow {
  readonly id: string;
  readonly name: string;
  readonly input: string;
  readonly tenant: string | undefined;
  readonly actor: string | undefined;
  readonly key: string | undefined;
  readonly delayMs: number;
}

/** A relay that this process has, until its lease ends. */
export interface LeasedRelay extends Pick<RelayRow, "id" | "name" | "input"> {
  readonly tenant: string | null;
  readonly actor: string | null;
  readonly attempt: number;
  readonly lease: number;
}

const statementMs = 5_000;
/** More than the deadline of a relay. */
const lease = "10 s";
const most = 10;

/** Starts a relay, or finds the one that its key started. */
export function insertion({ id, name, input, tenant, actor, key, delayMs }: RelayRow): Statement {
  return {
    text: `insert into relays.work as w (id, name, input, tenant, actor, key, due)
      values ($1, $2, $3, $4, $5, $6, case when $7 > 0 then plimsoll.now() + $7 * interval '1 ms' else '-infinity' end)
      on conflict (key) do update set key = w.key returning w.id`,
    values: [id, name, input, tenant ?? null, actor ?? null, key ?? null, delayMs],
    columnsAsIs: true,
  };
}

export function completion({ id, lease }: LeasedRelay): Statement {
  return { text: "select relays.complete($1, $2)", values: [id, lease], columnsAsIs: true };
}

/** The table, asked on behalf of no operation. */
export class RelayStore {
  readonly #lender: () => Lender;

  constructor(lender: () => Lender) {
    this.#lender = lender;
  }

  async insert(row: RelayRow): Promise<string> {
    const [found] = await this.#ask<{ id: string }>(insertion(row));
    return found!.id;
  }

  /** Leases what is due, and what this process has without knowing it: it never heard of its claim. */
  claim(holder: string, names: readonly string[], held: readonly string[]): Promise<readonly LeasedRelay[]> {
    const text = `update relays.work w set attempt = attempt + 1, lease = lease + 1, holder = $1, due = plimsoll.now() + interval '${lease}'
      where w.id in (select id from relays.work
        where name = any($2) and due < 'infinity' and (due <= plimsoll.now() or (holder = $1 and id <> all($3)))
        order by due limit ${most} for update skip locked)
      returning w.id, w.name, w.input, w.tenant, w.actor, w.attempt, w.lease`;
    return this.#ask<LeasedRelay>({ text, values: [holder, names, held], columnsAsIs: true });
  }

  async complete(relay: LeasedRelay): Promise<void> {
    await this.#ask(completion(relay));
  }

  async release({ id, lease }: LeasedRelay): Promise<void> {
    const text = "update relays.work set due = '-infinity', holder = null where id = $1 and lease = $2 and due < 'infinity'";
    await this.#ask({ text, values: [id, lease], columnsAsIs: true });
  }

  async waiting(): Promise<number> {
    const [row] = await this.#ask<{ n: number }>({
      text: "select count(*)::integer as n from relays.work where due < 'infinity'",
      values: [],
      columnsAsIs: true,
    });
    return row!.n;
  }

  async #ask<R>(statement: Statement): Promise<readonly R[]> {
    const { rows } = await borrowed(this.#lender(), statementMs, (connection) => connection.send(statement));
    return rows as unknown as readonly R[];
  }
}
