import { action, command, type Module, module, type Resource, resource, signedIn, type WriteScope } from "plimsoll";
import { z } from "zod";

// The smallest thing that can go wrong: coins are put into a jar, each once, and a bell outside is rung for some.

const Coin = z.object({ coin: z.string() });
const Count = z.object({ coins: z.int() });
export type PutCoin = (coin: string, scope: WriteScope) => Promise<unknown>;

export const bell: Resource<{ ring(coin: string, key: string): Promise<void> }> = resource("bell");

/** As it should be. */
export const putOnce: PutCoin = (coin, { sql, newId }) => sql`insert into jar.coins (id, coin) values (${newId()}, ${coin})`.run();

const access = signedIn();

/** The jar, in order or with another way to put a coin in. */
export function jarModule({ putCoin = putOnce, idempotent = "key" }: { putCoin?: PutCoin; idempotent?: "key" | "natural" } = {}) {
  const put = command("jar.put", {
    input: Coin,
    output: Count,
    access,
    idempotent,
    budget: "2s",
    async run({ coin }, scope) {
      await putCoin(coin, scope);
      return scope.sql(Count)`select count(*) as coins from jar.coins where coin = ${coin}`.one();
    },
  });
  const ringAndPut = action("jar.ring-and-put", {
    input: Coin.extend({ key: z.string() }),
    output: Count,
    access,
    idempotent: "natural",
    budget: "2s",
    uses: { bell },
    async run({ coin, key }, { bell, call, upstream }) {
      await upstream("bell", () => bell.ring(coin, key));
      return call(put, { coin }, { key });
    },
  });
  const jar: Module = module("jar", {
    schema: "jar",
    migrations: new URL("./migrations/", import.meta.url),
    operations: [put, ringAndPut],
  });
  return { put, ringAndPut, jar };
}
