import { CommandHandler, type Event } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import type { EventSystem, EventTarget } from "./system.ts";

type Added = Event<"added", { stream: string; amount: number }>;
const added = (stream: string): Added => ({ type: "added", data: { stream, amount: 1 } });

/** Emmett on PostgreSQL, as its documentation does it. */
export async function openEmmett({ url }: EventTarget): Promise<EventSystem> {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  const handle = CommandHandler<number, Added>({ initialState: () => 0, evolve: (sum, { data }) => sum + data.amount });
  return {
    append: (stream) => store.appendToStream(stream, [added(stream)]),
    decide: (stream) => handle(store, stream, (sum) => (sum < 1_000_000 ? [added(stream)] : [])),
    close: () => store.close(),
  };
}
