import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { type Actor, secret } from "plimsoll";
import { durableStream } from "plimsoll/streams";
import { type TestApp, TestClock, testActor } from "plimsoll/testing";
import { z } from "zod";
import type { WrittenChannel } from "../../src/operation/online/stream/written.ts";
import { ProcessWritten } from "../../src/pipeline/stream/written.ts";
import { seen } from "../integration/scratch.ts";
import { ann, begin, feed, feedApp, feedDatabase, Line, narrate, say, watch, watchSmall } from "./feed/feed.ts";

const database = await feedDatabase();
const app = await feedApp(database);
const other = await feedApp(database);
after(async () => {
  await app.stop();
  await other.stop();
  await database.drop();
});

let made = 0;
const next = () => `feed-${++made}`;
/** Each wait for an item is a wait for its signal: what takes longer than this was never sent. */
const withoutPolls = { timeout: 25_000 };

async function read(
  id: string,
  { of = watch, from = app, actor = ann }: { of?: typeof watch | typeof watchSmall; from?: TestApp; actor?: Actor } = {},
) {
  const items: string[] = [];
  for await (const { offset, item } of await from.app.stream(of, { id }, { actor })) items.push(`${offset} ${item.text}`);
  return items;
}

const ask = (id: string, headers: Record<string, string>, path = "feeds") =>
  app.app.fetch(new Request(`http://localhost/v1/${path}/${id}`, { headers }));
const refusal = async (id: string, lastEventId: string, path?: string) => {
  const refused = await ask(id, { "last-event-id": lastEventId }, path);
  const { type, details } = (await refused.json()) as { readonly type: string; readonly details: unknown };
  return [refused.status, type, details];
};

describe("a durable stream", () => {
  it("is read from its beginning, and ends where it was ended", async () => {
    const id = next();
    await app.call(say, { id, texts: ["one", "two"] });
    assert.deepEqual(await app.call(say, { id, texts: ["three"], end: true }), { offset: 3 });
    assert.deepEqual(await read(id), ["1 one", "2 two", "3 three"]);
  });

  it("is resumed behind the last item that the client got, over HTTP", async () => {
    const id = next();
    await app.call(say, { id, texts: ["one", "two", "three"], end: true });
    const events = await (await ask(id, { "last-event-id": "1" })).text();
    assert.match(events, /^id: 2\ndata: \{"offset":2,"item":\{"text":"two"\}\}\n\nid: 3\n.*\n\nevent: end\n/s);
    const lines = await (await ask(id, { "last-event-id": "2", accept: "application/x-ndjson" })).text();
    assert.equal(lines, '{"offset":3,"item":{"text":"three"}}\n');
    assert.equal((await (await ask(id, { "last-event-id": "3" })).text()).replaceAll(/\s+/g, " "), "event: end data: {} ");
  });

  for (const made of ["4", "99", "-1", "1.5", "x", "9".repeat(30)])
    it(`refuses to continue behind ${made}, which is none of its offsets`, async () => {
      const id = next();
      await app.call(say, { id, texts: ["one"] });
      assert.deepEqual(await refusal(id, made), [400, "urn:plimsoll:durable_stream_dropped", { id, first: 1 }]);
    });

  it("wakes its readers, in this process and in others, also for one that began before there was any stream", withoutPolls, async () => {
    const id = next();
    const readers = [app, other, other].map((from) => read(id, { from }));
    await seen(database.adminUrl, "select from pg_stat_activity where application_name = 'plimsoll-streams' offset 1");
    for (const text of ["one", "two", "three"]) await app.call(say, { id, texts: [text] });
    await app.call(say, { id, end: true });
    for (const items of await Promise.all(readers)) assert.deepEqual(items, ["1 one", "2 two", "3 three"]);
  });

  it("has each write of a key once, also where its items are not kept any more, and once it has ended", async () => {
    const id = next();
    const write = (n: number) => app.call(say, { id, texts: [`${n}`], key: `k:${n}`, end: n === 12, to: "small" });
    for (let n = 1; n <= 11; n++) assert.deepEqual(await write(n), { offset: n });
    for (let n = 1; n <= 12; n++) assert.deepEqual(await write(n), { offset: n });
    for (let n = 1; n <= 12; n++) assert.deepEqual(await write(n), { offset: n });
    assert.deepEqual(await read(id, { of: watchSmall }), ["8 8", "9 9", "10 10", "11 11", "12 12"]);
  });

  it("knows the keys of the last offsets, and of writes before there was a table of them", async () => {
    const id = next();
    const write = (n: number, keys: number) =>
      database.admin<{ last: string }>(
        `select c.last from (select set_config('plimsoll.tenant', 'acme', true)) s,
           lateral plimsoll.append_durable_stream('feed.lines', $1, array['{"text":"x"}'], $2, false, 100, 1000, 60000, $3) c (last)`,
        [id, `k:${n}`, keys],
      );
    for (let n = 1; n <= 9; n++) await write(n, 3);
    const known = "select key from plimsoll.durable_stream_keys where id = $1 order by at";
    assert.deepEqual(await database.admin(known, [id]), [{ key: "k:7" }, { key: "k:8" }, { key: "k:9" }]);
    // As code wrote it that was deployed before.
    await database.admin("delete from plimsoll.durable_stream_keys where id = $1", [id]);
    assert.deepEqual(await write(8, 3), [{ last: "8" }]);
  });

  it("has each write of a key once, and nothing of a transaction that was undone", async () => {
    const id = next();
    for (let n = 0; n < 2; n++) assert.deepEqual(await app.call(say, { id, texts: ["one", "two"], key: "k" }), { offset: 2 });
    await assert.rejects(app.call(say, { id, texts: ["three"], fails: true }), { code: "internal" });
    assert.deepEqual(await app.call(say, { id, texts: ["four"], key: "l", end: true }), { offset: 3 });
    assert.deepEqual(await app.call(say, { id, texts: ["four"], key: "l", end: true }), { offset: 3 });
    assert.deepEqual(await app.call(say, { id, end: true }), { offset: 3 });
    await assert.rejects(app.call(say, { id, texts: ["five"] }), { type: "durable_stream_ended" });
    assert.deepEqual(await read(id), ["1 one", "2 two", "3 four"]);
  });

  it("is of one tenant: another one has a stream of its own under the same id", async () => {
    const id = next();
    const globex = testActor({ id: "bob", tenant: "globex" });
    const bob = app.as(globex);
    await app.call(say, { id, texts: ["ours"], key: "k", end: true });
    assert.deepEqual(await bob.call(say, { id, texts: ["theirs"], key: "k", end: true }), { offset: 1 });
    assert.deepEqual(await read(id), ["1 ours"]);
    assert.deepEqual(await read(id, { actor: globex }), ["1 theirs"]);
  });

  it("keeps so many items and bytes as it says, the last ones, and refuses who missed some", async () => {
    const id = next();
    for (let n = 1; n <= 12; n++) await app.call(say, { id, texts: [`${n}`], to: "small" });
    const kept = async () =>
      (
        await database.admin<{ items: number; bytes: number; noted: number }>(
          `select count(*)::int as items, sum(octet_length(item))::int as bytes, max(s.bytes)::int as noted
         from plimsoll.durable_stream_items i join plimsoll.durable_streams s using (stream, tenant, id) where id = $1`,
          [id],
        )
      )[0]!;
    assert.equal((await kept()).items, 5);
    await app.call(say, { id, texts: ["x".repeat(600)], to: "small" });
    await app.call(say, { id, texts: ["y".repeat(600)], to: "small" });
    const { items, bytes, noted } = await kept();
    assert.ok(items === 1 && bytes <= 1_024 && noted === bytes, JSON.stringify({ items, bytes, noted }));
    await app.call(say, { id, texts: ["z".repeat(2_000)], to: "small", end: true });
    assert.equal((await kept()).items, 1, "the last one stays whatever its size");
    assert.deepEqual(
      (await read(id, { of: watchSmall })).map((line) => line.slice(0, 4)),
      ["15 z"],
    );
    assert.deepEqual(await refusal(id, "3", "small-feeds"), [400, "urn:plimsoll:durable_stream_dropped", { id, first: 15 }]);
    await assert.rejects(app.call(say, { id: next(), texts: ['"'.repeat(40_000)] }), { code: "internal" });
  });

  it("is removed once its retention is over, by the task that a schedule starts", async () => {
    const [old, young] = [next(), next()];
    for (const id of [old, young]) await app.call(say, { id, texts: ["one"] });
    await database.admin("update plimsoll.durable_streams set expires_at = plimsoll.now() - interval '1 s' where id = $1", [old]);
    assert.deepEqual(await refusal(old, "1"), [400, "urn:plimsoll:durable_stream_dropped", { id: old, first: null }]);
    await app.app.tasks.start(feed.expire, {});
    await app.runUntilIdle();
    assert.deepEqual(await database.admin("select id from plimsoll.durable_streams where id = any ($1)", [[old, young]]), [{ id: young }]);
    assert.deepEqual(await database.admin("select id from plimsoll.durable_stream_items where id = $1", [old]), []);
  });

  it("begins again behind its earlier offsets, where it is written to after its retention", async () => {
    const id = next();
    await app.call(say, { id, texts: ["one", "two"] });
    await database.admin("update plimsoll.durable_streams set expires_at = plimsoll.now() - interval '1 s' where id = $1", [id]);
    assert.deepEqual(await app.call(say, { id, texts: ["three"], end: true }), { offset: 3 });
    assert.deepEqual(await read(id), ["3 three"]);
  });

  it("has what many write at once in one order without gaps, for readers who read meanwhile", withoutPolls, async () => {
    const id = next();
    const readers = [read(id), read(id, { from: other })];
    await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? app : other).call(say, { id, texts: [`${n}`] })));
    await app.call(say, { id, end: true });
    const [one, two] = await Promise.all(readers);
    assert.deepEqual(one, two);
    assert.deepEqual(
      one!.map((line) => Number(line.split(" ")[0])),
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
  });

  it("has what tasks and sagas write", withoutPolls, async () => {
    const [written, narrated] = [next(), next()];
    await app.call(begin, { id: written, lines: 4 });
    assert.deepEqual(await read(written), ["1 line 1", "2 line 2", "3 line 3", "4 line 4"]);
    const { id } = await app.app.sagas.start(narrate, { id: narrated }, { tenant: "acme", actor: "ann" });
    assert.equal(await app.app.sagas.result(narrate, id), 2);
    assert.deepEqual(await read(narrated), ["1 first", "2 last"]);
  });

  it("refuses bounds that are none, and items with secrets", () => {
    for (const [options, message] of [
      [{ items: 0 }, /items is 0/],
      [{ bytesMax: 10 }, /bytesMax is 10/],
      [{ retention: "1s" as const }, /retention is 1000 ms/],
    ] as const)
      assert.throws(() => durableStream("feed.bad", { item: Line, ...options }), message);
    assert.throws(() => durableStream("feed.bad", { item: z.object({ pin: secret(z.string()) }) }), /has a secret/);
  });
});

describe("what wakes readers", () => {
  const setUp = () => {
    const clock = new TestClock();
    const notified: string[] = [];
    const session = { isOpen: true, starts: 0, stops: 0, heard: (_: readonly string[] | undefined): void => undefined };
    const channel: WrittenChannel = {
      notify: (keys) => void notified.push(...keys),
      listen: (onKeys) => {
        session.heard = onKeys;
        return {
          get isOpen() {
            return session.isOpen;
          },
          start: async () => void session.starts++,
          stop: async () => void session.stops++,
        };
      },
    };
    return { clock, notified, session, written: new ProcessWritten(channel, clock) };
  };
  const isDone = async (wait: Promise<void>) => {
    let done = false;
    void wait.then(() => {
      done = true;
    });
    for (let n = 0; n < 5; n++) await Promise.resolve();
    return done;
  };

  it("notifies others, and opens no session before there is a reader", () => {
    const { written, notified, session } = setUp();
    written.committed(new Set(["a", "b"]));
    assert.deepEqual([notified, session.starts], [["a", "b"], 0]);
    written.watch("a");
    written.watch("b");
    assert.equal(session.starts, 1);
  });

  it("ends a wait with a write of its stream alone, of here or elsewhere, and where anything may have been written", async () => {
    const { written, session } = setUp();
    const watching = written.watch("a");
    for (const write of [() => written.committed(new Set(["a"])), () => session.heard(["b", "a"]), () => session.heard(undefined)]) {
      const wait = watching.next();
      session.heard(["b"]);
      written.committed(new Set(["c"]));
      assert.equal(await isDone(wait), false);
      write();
      assert.equal(await isDone(wait), true);
    }
  });

  it("loses no write that comes before the wait", async () => {
    const { written } = setUp();
    const watching = written.watch("a");
    written.committed(new Set(["a"]));
    assert.equal(await isDone(watching.next()), true);
    assert.equal(await isDone(watching.next()), false);
  });

  it("looks by itself, more often while it has no session, and leaves no timer", async () => {
    const { written, clock, session } = setUp();
    const watching = written.watch("a");
    const slow = watching.next();
    await clock.advance(20_000);
    assert.equal(await isDone(slow), false);
    await clock.advance(20_000);
    assert.equal(await isDone(slow), true);
    session.isOpen = false;
    const fast = watching.next();
    await clock.advance(2_000);
    assert.equal(await isDone(fast), true);
    const last = watching.next();
    await written.stop();
    assert.equal(await isDone(last), true);
    assert.deepEqual([session.stops, await isDone(watching.next())], [1, true]);
  });
});
