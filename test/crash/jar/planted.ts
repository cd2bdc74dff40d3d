import pg from "pg";
import type { DatabaseSource } from "../../../src/app/database.ts";
import type { Fault } from "../../../src/core/fault.ts";
import type { Transaction } from "../../../src/operation/transaction.ts";
import type { PutCoin } from "./jar.ts";

// Bugs that the lab must find. Each breaks one promise, and shows only when something goes wrong at the right moment.

/** The effect is committed apart from the transaction that records the key. */
export function effectApart(url: string): PutCoin {
  return async (coin) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query("select set_config('plimsoll.tenant', 'acme', false)");
      await client.query("insert into jar.coins (id, coin) values (gen_random_uuid(), $1)", [coin]);
    } finally {
      client.end().catch(() => undefined);
    }
  };
}

/** Looks whether it is there, and then puts it in: two at once both find nothing. */
export const lookThenPut: PutCoin = async (coin, { sql, newId }) => {
  if (await sql`select from jar.coins where coin = ${coin}`.exists()) return;
  await sql`insert into jar.coins (id, coin) values (${newId()}, ${coin})`.run();
};

/** The caller is answered when the commit was sent, not when it was acknowledged. */
export function answersEarly(source: DatabaseSource): DatabaseSource {
  return withCommit(source, (transaction) => async (reply) => {
    transaction.commit(reply).catch(() => undefined);
    return undefined;
  });
}

/** Whatever the server says to a commit is taken for a yes, unless the connection is lost. */
export function readsNoTag(source: DatabaseSource): DatabaseSource {
  return withCommit(
    source,
    (transaction) => (reply) =>
      transaction.commit(reply).catch((fault: Fault) => {
        if (fault.code !== "aborted" || fault.type === "commit_lost") throw fault;
        return undefined;
      }),
  );
}

/** A lost commit is taken for one that happened. */
export function believesLost(source: DatabaseSource): DatabaseSource {
  return withCommit(
    source,
    (transaction) => (reply) =>
      transaction.commit(reply).catch((fault: Fault) => {
        if (fault.type !== "commit_lost") throw fault;
        return undefined;
      }),
  );
}

function withCommit(source: DatabaseSource, commitOf: (transaction: Transaction) => Transaction["commit"]): DatabaseSource {
  return {
    open: (context) => {
      const database = source.open(context);
      return changed(database, {
        begin: (options) => {
          const transaction = database.begin(options);
          return changed(transaction, { commit: commitOf(transaction) });
        },
      });
    },
  };
}

/** The same object with some methods replaced. */
export function changed<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (name in methods) return Reflect.get(methods, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
