import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import pg from "pg";
import { type Actor, type AuditHead, type AuditProblem, type AuditRecord, command, createApp, module, query, signedIn } from "plimsoll";
import { type TestApp, testActor, testApp } from "plimsoll/testing";
import { z } from "zod";
import { ann, key, ledger, ledgerApp, ledgerDatabase, move, moveApart, moveTwice, touch, trail } from "./ledger/ledger.ts";

const database = await ledgerDatabase();
const app = await ledgerApp(database);
after(async () => {
  await app.stop();
  await database.drop();
});
const clear = () =>
  database.admin(
    "truncate plimsoll.audit_records, plimsoll.audit_pending, plimsoll.audit_links, plimsoll.audit_spans, ledger.accounts; select plimsoll.set_clock_offset('0')",
  );
type OpsBody = { readonly records: readonly AuditRecord[]; readonly heads: readonly AuditHead[]; readonly isIntact: boolean };
/** The records of acme, in their order. */
async function recorded(of: TestApp = app): Promise<readonly AuditRecord[]> {
  await of.app.audit.chainNow();
  return (await of.app.audit.records({ tenant: "acme" })).toSorted((one, other) => (one.n ?? 0) - (other.n ?? 0));
}
const rejects = (work: Promise<unknown>, code: string) => assert.rejects(work, { code });

describe("the audit trail", () => {
  beforeEach(clear);

  it("records who, for whom, what, when, from where, and before and after, without secrets", async () => {
    await app.call(move, { id: "a", cents: 5, pin: "9876" });
    const executed = app.executed(move);
    await app.call(move, { id: "a", cents: 2, pin: "9876" });
    const { requestId, traceId } = await executed;
    const [, record] = await recorded();
    const { id, at, ...rest } = record!;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.ok(Math.abs(new Date(at).getTime() - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      ...{ tenant: "acme", operation: "ledger.move", subject: "a", actor: "ann", actorKind: "user", address: null, n: 2 },
      ...{ request: requestId, trace: traceId, outcome: "ok", fault: null },
      input: '{"id":"a","cents":2,"pin":"[secret]","ends":"commit"}',
      before: '{"holder":"Ann","cents":5,"pin":"[secret]"}',
      after: '{"holder":"Ann","cents":7,"pin":"[secret]"}',
    });
  });

  it("costs no round trip beyond what reads the state", async () => {
    const executed = app.executed(touch);
    await app.call(touch, {});
    assert.equal((await executed).statements, 0);
    assert.deepEqual(
      (await recorded()).map(({ operation, subject, input, before }) => [operation, subject, input, before]),
      [["ledger.touch", null, null, null]],
    );
  });

  it("records a command that was refused or failed, where it is declared so, once its outcome is known", async () => {
    await rejects(app.call(move, { id: "a", cents: 1, ends: "closed" }), "failed_precondition");
    await rejects(app.call(move, { id: "a", cents: 1, ends: "bug" }), "internal");
    await rejects(app.call(move, { id: "a", cents: "one" as never }), "invalid_argument");
    await rejects(app.as(testActor({ id: "ben", tenant: "acme" })).call(move, { id: "a", cents: 1 }), "permission_denied");
    await rejects(app.call(touch, { fails: true }), "internal");
    assert.deepEqual(
      (await recorded()).map(({ actor, outcome, fault, subject, after: later }) => [actor, outcome, fault, subject, later]),
      [
        ["ann", "failed_precondition", "account_closed", "a", null],
        ["ann", "internal", "internal", "a", null],
        ["ann", "invalid_argument", "invalid_input", null, null],
        ["ben", "permission_denied", "permission_denied", null, null],
      ],
    );
    assert.deepEqual(await database.admin("select from ledger.accounts"), []);
  });

  it("records once what runs again after a conflict, and once under a key", async () => {
    await app.call(move, { id: "a", cents: 1, ends: "conflict" }, { key: "same" });
    await app.call(move, { id: "a", cents: 1, ends: "conflict" }, { key: "same" });
    assert.deepEqual(
      (await recorded()).map(({ outcome }) => outcome),
      ["ok"],
    );
  });

  it("records commands that others call, and that one was undone", async () => {
    await app.call(moveTwice, { from: "a", to: "b" });
    await app.call(moveApart, { id: "c" });
    await rejects(app.call(moveApart, { id: "d", ends: "bug" }), "internal");
    assert.deepEqual((await recorded()).map(({ subject, outcome }) => `${subject} ${outcome}`).toSorted(), [
      "a ok",
      "b ok",
      "c ok",
      "d internal",
      "undone internal",
    ]);
  });

  for (const ends of ["subject", "large"] as const)
    it(`commits nothing where the record cannot be made: ${ends}`, async () => {
      await assert.rejects(app.call(move, { id: "a", cents: 1, ends }), { code: "internal", type: "audit_refused" });
      assert.deepEqual(await database.admin("select from ledger.accounts"), []);
    });

  it("is read by a tenant as its own, whatever it asks for, and found by subject, operation, actor and time", async () => {
    await app.call(move, { id: "a", cents: 1 });
    await app.as(testActor({ id: "bob", tenant: "other", roles: ["clerk"] })).call(move, { id: "b", cents: 1 });
    assert.deepEqual(await app.call(trail, { tenant: "other" }), { subjects: ["a"] });
    const count = async (filter: object) => (await app.app.audit.records({ tenant: "other", ...filter })).length;
    const soon = new Date(Date.now() + 60_000);
    assert.deepEqual(
      await Promise.all(
        [{}, { subject: "b" }, { subject: "a" }, { operation: "ledger.touch" }, { actor: "bob" }, { before: soon }, { from: soon }].map(
          count,
        ),
      ),
      [1, 1, 0, 0, 1, 1, 0],
    );
  });

  it("is written by the application's role, and neither changed, nor deleted, nor sealed early by it", async () => {
    await app.call(move, { id: "a", cents: 1 });
    const [{ hash } = { hash: "" }] = await app.app.audit.chainNow();
    const client = new pg.Client(database.url);
    await client.connect();
    for (const table of ["audit_records", "audit_pending", "audit_links", "audit_spans", "audit_rules"])
      for (const text of [`select from plimsoll.${table}`, `delete from plimsoll.${table}`, `truncate plimsoll.${table}`])
        await assert.rejects(client.query(text), { code: "42501" }, text);
    await assert.rejects(client.query("update plimsoll.audit_records set actor = 'ben'"), { code: "42501" });
    const sealed = await client.query("select plimsoll.seal_audit('acme', 1, 1, 0, 0, 0, $1, '', '') as sealed", [hash]);
    assert.deepEqual(sealed.rows, [{ sealed: false }]);
    await client.end();
  });

  it("is chained by several processes at once, each record once", async () => {
    await using other = await ledgerApp(database);
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? app : other).call(move, { id: String(n % 3), cents: 1 })));
    await Promise.all([app.app.audit.chainNow(), other.app.audit.chainNow()]);
    const records = await recorded();
    assert.deepEqual(
      records.map(({ n }) => n),
      records.map((_, at) => at + 1),
    );
    assert.deepEqual([records.length, (await other.app.audit.verify()).isIntact], [40, true]);
  });

  it("is chained soon after the commit by itself, and says where its chains end", async () => {
    const chained = app.app.audit.signals.chained.next();
    await app.call(move, { id: "a", cents: 1 });
    const { heads } = await chained;
    assert.deepEqual([heads.length, heads[0]?.tenant, heads[0]?.n], [1, "acme", 1]);
  });
});

describe("what verify finds", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const place = (n: number) => `(select id from plimsoll.audit_links where tenant = 'acme' and n = ${n})`;
  const setRecord = (n: number, what: string) => `update plimsoll.audit_records set ${what} where id = ${place(n)}`;
  const swapped = (column: string) =>
    `update plimsoll.audit_links l set ${column} = o.${column} from plimsoll.audit_links o where l.tenant = 'acme' and o.tenant = 'acme'
      and (l.n, o.n) in ((2, 3), (3, 2))`;
  const forged = `insert into plimsoll.audit_records (id, tenant, at_ms, operation, actor, actor_kind, request, trace, outcome, key, hash)
    values ('018f0000-0000-7000-8000-000000000000', 'acme', 1, 'ledger.move', 'ann', 'user', 'r', 't', 'ok', 'k', 'h')`;
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["nothing, where nothing was changed", "select 1", []],
    ...[
      "actor = 'ben'",
      "outcome = 'internal'",
      "at_ms = at_ms + 1",
      "after = null",
      "subject = 'z'",
      "tenant = ''",
      "input = input || ' '",
    ].map((what) => [`an edit: ${what}`, setRecord(2, what), ["edited 2"]] as const),
    ["an edit with a hash that was made by it", setRecord(2, "actor = 'ben', hash = repeat('0', 64)"), ["edited 2"]],
    ["two records that were swapped", `${setRecord(2, "subject = 'c'")}; ${setRecord(3, "subject = 'b'")}`, ["edited 2", "edited 3"]],
    ["a record that was deleted", `delete from plimsoll.audit_records where id = ${place(3)}`, ["missing 3"]],
    [
      "two places that were swapped",
      `alter table plimsoll.audit_links drop constraint audit_links_id_key; ${swapped("id")}`,
      ["reordered 2", "reordered 3"],
    ],
    [
      "two links that were swapped",
      "update plimsoll.audit_links set n = -n; update plimsoll.audit_links set n = case n when -2 then 3 when -3 then 2 else -n end",
      ["reordered 2", "reordered 3"],
    ],
    ["the time of a link", "update plimsoll.audit_links set linked_ms = 1 where n = 4", ["reordered 4"]],
    ["a link that was deleted", "delete from plimsoll.audit_links where n = 3", ["missing 3", "unchained"]],
    [
      "a link and its record that were deleted",
      "with gone as (delete from plimsoll.audit_links where n = 3 returning id) delete from plimsoll.audit_records where id in (select id from gone)",
      ["missing 3"],
    ],
    [
      "a chain that was closed over a record that was deleted",
      `with gone as (delete from plimsoll.audit_links where n = 3 returning id) delete from plimsoll.audit_records where id in (select id from gone);
       update plimsoll.audit_links set n = n - 1 where n > 3`,
      ["reordered 3", "reordered 4"],
    ],
    ["a record that was added past the application", forged, ["unchained"]],
    ["the end of a chain that was cut off, but for its record", "delete from plimsoll.audit_links where n = 5", ["unchained"]],
    [
      "a pending record that was deleted",
      "insert into plimsoll.audit_pending (id) values ('018f0000-0000-7000-8000-000000000000')",
      ["missing"],
    ],
  ];
  const shown = ({ kind, n }: AuditProblem) => (n === null ? kind : `${kind} ${n}`);
  const tables = ["audit_records", "audit_links", "audit_pending", "audit_spans"] as const;
  const each = (text: (table: string) => string) => tables.map(text).join("; ");
  before(async () => {
    await clear();
    for (const id of ids) await app.call(move, { id, cents: 1 });
    await app.app.audit.chainNow();
    await database.admin(`create schema kept; ${each((table) => `create table kept.${table} as table plimsoll.${table}`)}`);
  });
  const restore = each(
    (table) => `truncate plimsoll.${table}; insert into plimsoll.${table} overriding system value select * from kept.${table}`,
  );
  const unique =
    "alter table plimsoll.audit_links drop constraint if exists audit_links_id_key, add constraint audit_links_id_key unique (id)";
  for (const [what, change, problems] of cases)
    it(what, async () => {
      await database.admin(`${restore}; ${unique}; ${change}`);
      const verdict = await app.app.audit.verify();
      assert.deepEqual(verdict.problems.map(shown), problems);
      assert.equal(verdict.isIntact, problems.length === 0);
    });

  it("a chain that was cut off, with an end that was kept elsewhere", async () => {
    await clear();
    await database.admin(unique);
    for (const id of ids) await app.call(move, { id, cents: 1 });
    const heads = await app.app.audit.chainNow();
    await database.admin(
      "with gone as (delete from plimsoll.audit_links where n >= 4 returning id) delete from plimsoll.audit_records where id in (select id from gone)",
    );
    assert.equal((await app.app.audit.verify()).isIntact, true);
    assert.deepEqual((await app.app.audit.verify({ heads })).problems.map(shown), ["missing 5"]);
    await app.call(move, { id: "f", cents: 1 });
    await app.call(move, { id: "g", cents: 1 });
    await app.app.audit.chainNow();
    assert.deepEqual((await app.app.audit.verify({ heads })).problems.map(shown), ["reordered 5"]);
    await database.admin("truncate plimsoll.audit_records, plimsoll.audit_links");
    assert.deepEqual((await app.app.audit.verify({ heads })).problems.map(shown), ["missing 5"]);
  });

  it("a link of an earlier chain that was put into a later one", async () => {
    await clear();
    for (const id of ids) await app.call(move, { id, cents: 1 });
    await app.app.audit.chainNow();
    await database.admin(`
      drop schema if exists branch cascade; create schema branch;
      create table branch.links as select * from plimsoll.audit_links where n = 5;
      create table branch.records as select * from plimsoll.audit_records where id = (select id from branch.links);
      with gone as (delete from plimsoll.audit_links where n >= 4 returning id) delete from plimsoll.audit_records where id in (select id from gone)`);
    for (const id of ["f", "g"]) await app.call(move, { id, cents: 1 });
    await app.app.audit.chainNow();
    await database.admin(`
      with gone as (delete from plimsoll.audit_links where n = 5 returning id) delete from plimsoll.audit_records where id in (select id from gone);
      insert into plimsoll.audit_links select * from branch.links; insert into plimsoll.audit_records select * from branch.records`);
    assert.deepEqual((await app.app.audit.verify()).problems.map(shown), ["reordered 5"]);
  });

  it("nothing with an old key that is given too, and its use where it is not", async () => {
    await clear();
    await app.call(move, { id: "a", cents: 1 });
    await app.app.audit.chainNow();
    const next = "Yk2R9dPz7Q4mXw1LbE8sTfHn6JcVaGuO3iKpZxNeSrA=";
    await using rotated = await ledgerApp(database, { audit: { key: [next, key] } });
    await rotated.call(move, { id: "a", cents: 1 });
    await rotated.app.audit.chainNow();
    assert.equal((await rotated.app.audit.verify()).isIntact, true);
    assert.deepEqual((await app.app.audit.verify()).problems.map(shown), ["key 2"]);
  });
});

describe("old records", () => {
  beforeEach(clear);
  const counts = async () =>
    (
      await database.admin(
        "select (select count(*)::int from plimsoll.audit_records) as records, (select count(*)::int from plimsoll.audit_links) as links, (select count(*)::int from plimsoll.audit_spans) as spans",
      )
    )[0];

  it("are sealed and deleted once they are older than the retention, and the chain continues", async () => {
    for (const id of ["a", "b"]) await app.call(move, { id, cents: 1 });
    const heads = await app.app.audit.chainNow();
    assert.equal(await app.app.audit.sealNow(), 0);
    await database.admin("select plimsoll.set_clock_offset('401 days')");
    await app.call(move, { id: "c", cents: 1 });
    await app.app.audit.chainNow();
    const sealed = app.app.audit.signals.sealed.next();
    assert.equal(await app.app.audit.sealNow(), 2);
    assert.deepEqual(await sealed, { tenant: "acme", fromN: 1, toN: 2 });
    assert.deepEqual(await counts(), { records: 1, links: 1, spans: 1 });
    await app.call(move, { id: "d", cents: 1 });
    await app.app.audit.chainNow();
    const verdict = await app.app.audit.verify({ heads });
    assert.deepEqual([verdict.isIntact, verdict.checked, verdict.heads[0]?.n], [true, 2, 4]);
    for (const change of ["last_ms = 1", "from_n = 0", "link = repeat('0', 64)"]) {
      await database.admin("create table plimsoll.kept as table plimsoll.audit_spans");
      await database.admin(`update plimsoll.audit_spans set ${change}`);
      assert.equal((await app.app.audit.verify()).problems[0]?.kind, "span", change);
      await database.admin("truncate plimsoll.audit_spans; insert into plimsoll.audit_spans table plimsoll.kept; drop table plimsoll.kept");
    }
    await database.admin("truncate plimsoll.audit_spans");
    assert.deepEqual(
      (await app.app.audit.verify()).problems.map(({ kind, n }) => [kind, n]),
      [
        ["missing", 1],
        ["missing", 2],
      ],
    );
  });

  it("are kept as long as the owner says, whatever the application asks for", async () => {
    await using hasty = await ledgerApp(database, { audit: { key, retention: "1d" } });
    await hasty.call(move, { id: "a", cents: 1 });
    await hasty.app.audit.chainNow();
    await database.admin("select plimsoll.set_clock_offset('300 days')");
    assert.equal(await hasty.app.audit.sealNow(), 0);
    await database.admin("update plimsoll.audit_rules set keep = '200 days'");
    assert.equal(await hasty.app.audit.sealNow(), 1);
    await database.admin("update plimsoll.audit_rules set keep = '365 days'");
  });

  it("are kept as evidence where they were edited", async () => {
    await app.call(move, { id: "a", cents: 1 });
    await app.app.audit.chainNow();
    await database.admin("select plimsoll.set_clock_offset('401 days'); update plimsoll.audit_records set actor = 'ben'");
    const broken = app.app.audit.signals.broken.next();
    assert.equal(await app.app.audit.sealNow(), 0);
    assert.equal((await broken).problems[0]?.kind, "edited");
    assert.deepEqual(await counts(), { records: 1, links: 1, spans: 0 });
  });
});

describe("an app", () => {
  const Any = z.object({});
  const shared = { input: Any, output: Any, access: signedIn(), budget: "1s" } as const;
  const run = async () => ({});
  const audited = command("one.write", { ...shared, idempotent: "no", audit: true, run });
  const starts = (operation: never, spec: object = {}) => createApp({ modules: [module("one", { operations: [operation] })], ...spec });
  const cases = [
    ["audits without a trail", audited, {}, /one\.write: audit: It is audited, and the app keeps no audit trail/],
    ["has a trail and no database", audited, { audit: { key } }, /createApp: audit: The audit trail is kept in the database/],
    ["audits a query", query("one.read", { ...shared, audit: true, run } as never), {}, /A query has no transaction in which a record/],
    [
      "keeps a state without a schema",
      command("one.write", { ...shared, idempotent: "no", audit: { state: { read: run } } as never, run }),
      {},
      /one\.write: audit\.state: It has no schema/,
    ],
    [
      "writes another outcome",
      command("one.write", { ...shared, idempotent: "no", audit: { outcomes: "some" as never }, run }),
      {},
      /audit\.outcomes: It is neither/,
    ],
  ] as const;
  for (const [what, operation, spec, message] of cases)
    it(`is refused where it ${what}`, () => assert.throws(() => starts(operation as never, spec), { type: "app_invalid", message }));

  for (const weak of ["short", "a".repeat(40), []])
    it(`is refused with the key ${JSON.stringify(weak)}`, () =>
      assert.throws(() => starts(audited as never, { database, audit: { key: weak } }), { type: "key_unusable" }));

  it("shows, verifies and chains its trail on the ops port", async () => {
    await clear();
    const tenancy = { description: "of the actor", tenantOf: ({ tenant }: Actor) => tenant };
    const shown = createApp({ modules: [ledger], database, audit: { key }, ops: { port: 0 }, tenancy });
    await shown.start({ keepsProcess: false });
    try {
      await shown.call(move, { id: "a", cents: 1 }, { actor: ann, key: "k" });
      const ask = async (path: string, method = "GET") => {
        const response = await fetch(`${shown.urls.ops}/audit${path}`, { method, headers: { "plimsoll-ops": "yes" } });
        return [response.status, response.ok ? ((await response.json()) as OpsBody) : undefined] as const;
      };
      const [status, page] = await ask("?tenant=acme&subject=a");
      assert.deepEqual([status, page?.records.map(({ actor }) => actor)], [200, ["ann"]]);
      assert.equal((await ask("/chain", "POST"))[1]?.heads[0]?.n, 1);
      assert.deepEqual((await ask("/verify", "POST"))[1]?.isIntact, true);
      assert.equal((await ask("/nothing", "POST"))[0], 404);
    } finally {
      await shown.stop();
    }
  });

  it("writes the records of refusals that wait when it stops", async () => {
    await clear();
    const other = await testApp({ modules: [ledger], database, actor: ann, audit: { key } });
    await rejects(other.call(move, { id: "a", cents: 1, ends: "bug" }), "internal");
    await other.stop();
    assert.deepEqual(await database.admin("select outcome from plimsoll.audit_records"), [{ outcome: "internal" }]);
  });
});
