import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import pg from "pg";
import { testActor } from "plimsoll/testing";
import { limits } from "../../src/core/limits.ts";
import { seen } from "../integration/scratch.ts";
import { clinicApp, clinicDatabase, erase, follow, meanwhile, move, note, read, visit } from "./clinic/clinic.ts";

const database = await clinicDatabase();
const app = await clinicApp(database);
after(async () => {
  await app.stop();
  await database.drop();
});
afterEach(() => {
  meanwhile.work = undefined;
});

let made = 0;
const next = () => `chart-${++made}`;
const tables = ["stream_events", "stream_snapshots", "events", "parked_events", "event_dead_letters", "saga_steps", "vault_keys"];
/** All rows of the platform in which the text stands. */
const clear = async (text: string) => {
  const rows = await Promise.all(
    tables.map((table) => database.admin(`select '${table}' as at from plimsoll.${table} t where t::text like '%' || $1 || '%'`, [text])),
  );
  return rows.flat();
};
const snapshots = (chart: string) =>
  database.admin<{ version: number; state: string }>(
    "select stream_version as version, state from plimsoll.stream_snapshots where stream_id = $1",
    [chart],
  );
/** The first time that the inline projection is to be live. */
const live = () => seen(database.adminUrl, "select from plimsoll.inline_projections where state = 'live'");

describe("personal data in a stream", () => {
  it("is sealed in events and snapshots, and opened for the decider", async () => {
    const chart = next();
    for (const [n, name] of ["Ada One", "Ada Two", "Ada Three", "Ada Four"].entries())
      assert.deepEqual((await app.call(visit, { chart, patient: "ada", name })).version, n + 1);
    const [kept] = await snapshots(chart);
    assert.equal(kept?.version, 3);
    assert.match(kept?.state ?? "", /^\{"\$sealed":"pv1\.[^"]+","keys":\["[0-9a-f-]{36}"\]\}$/);
    assert.deepEqual(await app.call(read, { chart }), { names: ["Ada One", "Ada Two", "Ada Three", "Ada Four"], version: 4 });
    assert.deepEqual(await clear("Ada T"), []);
  });

  it("takes a second round trip to load, and none more to append", async () => {
    const chart = next();
    const executed = () => app.executed(visit);
    const first = executed();
    await app.call(visit, { chart, patient: "bea", name: "Bea" });
    assert.equal((await first).statements, 1);
    const second = executed();
    await app.call(visit, { chart, patient: "bea", name: "Bea" });
    assert.equal((await second).statements, 2);
  });

  it("is erased with the keys of the person, in events, snapshots and replays, and nothing of others is", async () => {
    const chart = next();
    for (const [patient, name] of [
      ["cid", "Cid One"],
      ["dan", "Dan One"],
      ["cid", "Cid Two"],
      ["dan", "Dan Two"],
    ] as const)
      await app.call(visit, { chart, patient, name });
    const [before] = await snapshots(chart);
    assert.equal(JSON.parse(before!.state).keys.length, 2, "it opens with a key of each");
    assert.deepEqual(await app.call(erase, { patient: "cid" }), { keys: 2 });
    const left = ["(erased)", "Dan One", "(erased)", "Dan Two"];
    assert.deepEqual((await app.call(read, { chart })).names, left);
    // The next one keeps a state of what is left, and the stream is read from there.
    assert.deepEqual((await app.call(move, { chart })).names, left);
    const [kept] = await snapshots(chart);
    assert.equal(kept?.version, 5);
    assert.deepEqual((await app.call(read, { chart })).names, left);
    await app.call(erase, { patient: "dan" });
    assert.deepEqual((await app.call(read, { chart })).names, ["(erased)", "(erased)", "(erased)", "(erased)"]);
    await app.call(move, { chart });
    assert.match((await snapshots(chart))[0]!.state, /^\{"names":\["\(erased\)",/, "a state about no person is not sealed");
  });

  it("is not kept by a command that had read it before it was erased", async () => {
    const chart = next();
    for (const name of ["Eve One", "Eve Two"]) await app.call(visit, { chart, patient: "eve", name });
    meanwhile.work = () => app.call(erase, { patient: "eve" });
    // Its snapshot says Eve One, in a transaction that made a key of its own for Eve Three.
    await app.call(visit, { chart, patient: "eve", name: "Eve Three" });
    assert.equal((await snapshots(chart))[0]?.version, 3);
    assert.deepEqual((await app.call(read, { chart })).names, ["(erased)", "(erased)", "Eve Three"]);
  });

  it("is read whole again after an erasure, however long the stream is", async () => {
    const chart = next();
    await app.call(visit, { chart, patient: "fay", name: "Fay" });
    await app.call(visit, { chart, patient: "fay", name: "Fay" });
    await app.call(visit, { chart, patient: "fay", name: "Fay" });
    const more = limits.streamEventsRead;
    await database.admin(
      `insert into plimsoll.stream_events
       select epoch, xid, seq, stream, stream_id, 3 + n, tenant, gen_random_uuid(), 'clinic.moved', 1, key, actor, trace, causation, correlation, recorded_at,
         json_build_object('chart', stream_id)::text
       from plimsoll.stream_events, generate_series(1, $2::int) n where stream_id = $1 and stream_version = 3`,
      [chart, more],
    );
    await database.admin("update plimsoll.stream_snapshots set stream_version = 3 where stream_id = $1", [chart]);
    assert.deepEqual(await app.call(read, { chart }), { names: ["Fay", "Fay", "Fay"], version: more + 3 });
    await app.call(erase, { patient: "fay" });
    assert.deepEqual(await app.call(move, { chart }), { names: ["(erased)", "(erased)", "(erased)"], version: more + 4 });
    assert.equal((await snapshots(chart))[0]?.version, more + 4);
  });

  it("does not open as that of another stream or tenant, or where it was changed", async () => {
    const [one, two] = [next(), next()];
    for (const chart of [one, two])
      for (const name of ["Gus One", "Gus Two", "Gus Three"]) await app.call(visit, { chart, patient: chart, name: `${name} ${chart}` });
    await database.admin(
      "update plimsoll.stream_snapshots s set state = o.state from plimsoll.stream_snapshots o where s.stream_id = $1 and o.stream_id = $2",
      [one, two],
    );
    // What does not open is read from the events.
    assert.deepEqual((await app.call(read, { chart: one })).names[0], `Gus One ${one}`);
    const other = app.as(testActor({ id: "olga", tenant: "other" }));
    await database.admin(
      "insert into plimsoll.stream_snapshots select stream, stream_id, 'other', stream_version, shape, state from plimsoll.stream_snapshots where stream_id = $1",
      [two],
    );
    assert.deepEqual(await other.call(read, { chart: two }), { names: [], version: 0 });
  });
});

describe("personal data in projections", () => {
  const rows = (chart: string) =>
    database.admin<{ names: string }>(
      "select names from clinic.names_inline where chart = $1 union all select names from clinic.names where chart = $1",
      [chart],
    );

  it("reaches both kinds opened, of streams and of the log", async () => {
    await live();
    const chart = next();
    const executed = app.executed(visit);
    await app.call(visit, { chart, patient: "hal", name: "Hal One" });
    await executed;
    assert.deepEqual(await database.admin("select names from clinic.names_inline where chart = $1", [chart]), [{ names: "Hal One" }]);
    await app.call(note, { chart, patient: "hal", name: "Hal Two" });
    await seen(database.adminUrl, `select from clinic.names where chart = '${chart}' and visits = 2`);
    assert.deepEqual(await rows(chart), [{ names: "Hal One, Hal Two" }, { names: "Hal One, Hal Two" }]);
    assert.deepEqual(await clear("Hal "), []);
  });

  it("is erased from their rows by a rebuild", async () => {
    const chart = next();
    await app.call(visit, { chart, patient: "ian", name: "Ian" });
    await app.call(visit, { chart, patient: "joe", name: "Joe" });
    await seen(database.adminUrl, `select from clinic.names where chart = '${chart}' and visits = 2`);
    await app.call(erase, { patient: "ian" });
    const { projections } = app.app.events;
    for (const name of ["clinic.names", "clinic.names-inline"]) {
      await projections.rebuild(name);
      await seen(
        database.adminUrl,
        `select from clinic.${name === "clinic.names" ? "names" : "names_inline"} where chart = '${chart}' and names = '(erased), Joe'`,
      );
    }
    assert.deepEqual(await rows(chart), [{ names: "(erased), Joe" }, { names: "(erased), Joe" }]);
  });
});

describe("an inline projection that goes live", () => {
  it("opens what no reader of the log can see yet", async () => {
    const chart = next();
    const holder = new pg.Client(database.adminUrl);
    await holder.connect();
    try {
      // A transaction with an id holds readers back, and not those who go live.
      await holder.query("begin; select pg_current_xact_id()");
      await app.call(visit, { chart, patient: "max", name: "Max" });
      await app.app.events.projections.rebuild("clinic.names-inline");
      await seen(
        database.adminUrl,
        "select from plimsoll.inline_projections i where not exists (select from plimsoll.projection_rebuilds r where r.name = i.name)",
      );
    } finally {
      await holder.end();
    }
    assert.deepEqual(await database.admin("select names from clinic.names_inline where chart = $1", [chart]), [{ names: "Max" }]);
  });
});

describe("keys of events", () => {
  const keys = async (patient: string) =>
    (await database.admin<{ n: number }>("select count(*)::int as n from plimsoll.vault_keys where subject = $1", [patient]))[0]!.n;
  const age = (patient: string, days: number) =>
    database.admin("update plimsoll.vault_keys set made_at = plimsoll.now() - make_interval(days => $2) where subject = $1", [
      patient,
      days,
    ]);
  // The upkeep of the app does so too: while this session has its lock, it does not.
  const keeper = new pg.Client(database.adminUrl);
  before(async () => {
    await keeper.connect();
    await keeper.query("select pg_advisory_lock('plimsoll.event_epoch'::regclass::oid::bigint)");
  });
  after(() => keeper.end());
  const prune = (batch = 100) => keeper.query("select plimsoll.keep_events(604800000, 3, 7776000000, $1)", [batch]);

  it("go once the log has dropped their events, and not before", async () => {
    for (let n = 0; n < 3; n++) await app.call(note, { chart: next(), patient: "ned", name: "Ned" });
    await prune();
    assert.equal(await keys("ned"), 3);
    // The first partition of the log is of today: what is older has left it.
    await age("ned", 3);
    await prune(2);
    assert.equal(await keys("ned"), 1, "a bounded number at a time");
    await prune();
    assert.equal(await keys("ned"), 0);
  });

  it("stay for as long as the rest of the log has something older", async () => {
    await app.call(note, { chart: next(), patient: "oda", name: "Oda" });
    await age("oda", 3);
    await database.admin(
      `insert into plimsoll.events (epoch, xid, seq, id, name, version, key, recorded_at, data)
       values (0, '1', 1, gen_random_uuid(), 'clinic.moved', 1, 'old', plimsoll.now() - interval '4 days', '{"chart":"old"}')`,
    );
    await prune();
    assert.equal(await keys("oda"), 1);
    await database.admin("delete from plimsoll.events where key = 'old'");
    await prune();
    assert.equal(await keys("oda"), 0);
  });

  it("stay where a stream, a dead letter, a parked event or a saga has what they sealed", async () => {
    const chart = next();
    await app.call(visit, { chart, patient: "pam", name: "Pam" });
    const aside = async (patient: string, keep: string) => {
      await app.call(note, { chart, patient, name: "Aside" });
      await database.admin(keep, [patient]);
    };
    const sealed = "from plimsoll.events e where e.data like '%\"' || $1 || '\"%'";
    const columns = "epoch, xid, seq, id, name, version, key, tenant, recorded_at, data";
    await aside(
      "quy",
      `insert into plimsoll.parked_events (subscription, partition, order_key, attempt, ${columns}) select 'clinic.names', 0, 'k', 1, ${columns} ${sealed}`,
    );
    await aside(
      "rob",
      `insert into plimsoll.event_dead_letters (subscription, partition, order_key, attempt, ${columns}) select 'clinic.names', 0, 'k', 1, ${columns} ${sealed}`,
    );
    await aside(
      "sue",
      `insert into plimsoll.saga_steps (saga, name, kind, state, output, at) select gen_random_uuid(), 's', 'event', 'done', json_build_object('got', data::json, 'id', id)::text, 0 ${sealed}`,
    );
    await aside("tom", "select $1::text");
    for (const patient of ["pam", "quy", "rob", "sue", "tom"]) await age(patient, 3);
    await prune();
    assert.deepEqual(await Promise.all(["pam", "quy", "rob", "sue", "tom"].map(keys)), [1, 1, 1, 1, 0]);
    assert.deepEqual((await app.call(read, { chart })).names, ["Pam"]);
  });

  it("stay where they seal what is no event", async () => {
    await database.admin(
      "insert into plimsoll.vault_keys (id, tenant, subject, root, wrapped, is_current) select gen_random_uuid(), 'acme', 'uma', max(generation), '', true from plimsoll.vault_roots",
    );
    await age("uma", 300);
    await prune();
    assert.equal(await keys("uma"), 1);
  });
});

describe("personal data that a saga waits for", () => {
  it("is sealed in its journal, and opened for its body until it is erased", async () => {
    const chart = next();
    const { id } = await app.app.sagas.start(follow, { chart }, { tenant: "acme", actor: "dora" });
    await app.call(note, { chart, patient: "kim", name: "Kim One" });
    await seen(database.adminUrl, `select from plimsoll.saga_steps where saga = '${id}' and state = 'done'`);
    assert.deepEqual(await clear("Kim "), []);
    await app.call(note, { chart: `${chart}-later`, patient: "kim", name: "Kim Two" });
    assert.deepEqual(await app.app.sagas.result(follow, id), ["Kim One", "Kim Two"]);
    const again = await app.app.sagas.start(follow, { chart: next() }, { tenant: "acme", actor: "dora" });
    await app.call(note, { chart: `chart-${made}`, patient: "lou", name: "Lou One" });
    await seen(database.adminUrl, `select from plimsoll.saga_steps where saga = '${again.id}' and state = 'done'`);
    await app.call(erase, { patient: "lou" });
    await app.call(note, { chart: `chart-${made}-later`, patient: "lou", name: "Lou Two" });
    assert.deepEqual(await app.app.sagas.result(follow, again.id), ["(erased)", "Lou Two"]);
  });
});
