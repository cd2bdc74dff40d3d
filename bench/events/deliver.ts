import assert from "node:assert/strict";
import { withClient } from "../database/database.ts";
import type { Result } from "../harness/report.ts";
import { quantile, round } from "../harness/rounds.ts";
import type { Store } from "../tasks/stores.ts";
import type { PlimsollEvents } from "./plimsoll.ts";

const subscriptions = 3;

/** Events that commands emit, until three subscriptions have handled each: the ratio is to the rate at which they are emitted. */
export async function deliver(
  { app, writeAndEmit }: PlimsollEvents,
  { callers, seconds }: { readonly callers: number; readonly seconds: number },
): Promise<Result> {
  let handled = 0;
  let emitted = 0;
  const lags: number[] = [];
  const off = app.events.signals.handled.on(({ lagMs }) => {
    handled++;
    lags.push(lagMs);
  });
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = 0; performance.now() - startedAt < seconds * 1_000; n++) {
        await writeAndEmit(`deliver-${caller}-${n}`);
        emitted++;
      }
    }),
  );
  const emitSeconds = (performance.now() - startedAt) / 1_000;
  while (handled < emitted * subscriptions) await new Promise((resolve) => setTimeout(resolve, 5));
  off();
  const deliverSeconds = (performance.now() - startedAt) / 1_000;
  return {
    ...{ name: "plimsoll", workload: "deliver to three", perSecond: Math.round(emitted / deliverSeconds) },
    ...{ ratio: round(emitSeconds / deliverSeconds), ratioIqr: 0, p50Ms: round(quantile(lags, 0.5)), p99Ms: round(quantile(lags, 0.99)) },
  };
}

/** A projection of so many events, made again: the ratio is to the bar of 50,000 in a second. */
export async function rebuild({ app, projection }: PlimsollEvents, store: Store, count: number): Promise<Result> {
  await withClient(store.urls.url, (client) =>
    client.query(
      `insert into plimsoll.stream_events (epoch, xid, seq, stream, stream_id, stream_version, tenant, id, name, version, key, recorded_at, data)
      select (select epoch from plimsoll.event_epoch), pg_current_xact_id(), nextval('plimsoll.event_seq'), 'bench.sum', 'rebuilt-' || n / 100, n % 100 + 1, '',
        gen_random_uuid(), 'bench.added', 1, 'rebuilt-' || n / 100, now(), json_build_object('stream', 'rebuilt-' || n / 100, 'amount', 1)::text
      from generate_series(0, $1::integer - 1) n`,
      [count],
    ),
  );
  const rebuilt = new Promise<void>((resolve) => void app.events.signals.rebuilt.on(() => resolve()));
  const startedAt = performance.now();
  assert(await app.events.projections.rebuild(projection));
  await rebuilt;
  const seconds = (performance.now() - startedAt) / 1_000;
  const { rows } = await withClient(store.urls.url, (client) =>
    client.query<{ events: number }>("select count(*)::int as events from plimsoll.stream_events where name = 'bench.added'"),
  );
  const perSecond = (rows[0]?.events ?? 0) / seconds;
  return { name: "plimsoll", workload: "rebuild", perSecond: Math.round(perSecond), ratio: round(perSecond / 50_000), ratioIqr: 0 };
}
