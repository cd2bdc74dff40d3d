import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { fault } from "../../src/core/fault.ts";
import { signedIn } from "../../src/operation/access.ts";
import { command } from "../../src/operation/online/command.ts";
import { query } from "../../src/operation/online/query.ts";
import type { ClaimResult, Database, StoredReply, Transaction } from "../../src/operation/transaction.ts";
import { makeToken, setUp } from "../auth/tokens.ts";
import { type Served, serve } from "./http/app.ts";
import { requestText } from "./http/client.ts";

// What HTTP says of queries and replays; the database here only remembers replies by their key.

function rememberingDatabase(): Database {
  const replies = new Map<string, StoredReply>();
  const begin: Database["begin"] = ({ claim }) => {
    const key = claim?.id.toString("hex") ?? "";
    const keep = (reply: StoredReply | undefined) => void (reply && replies.set(key, reply));
    const earlier = replies.get(key);
    const claimed: ClaimResult = earlier === undefined ? { state: "claimed" } : { state: "replay", reply: earlier };
    const transaction: Partial<Transaction> = {
      claimed: async () => claimed,
      commit: async (reply) => void keep(reply),
      commitFault: async (reply) => keep(reply),
      rollback: async () => {},
      abort: () => true,
    };
    return transaction as Transaction;
  };
  return { name: "database", start: async () => {}, stop: async () => {}, ping: async () => {}, begin };
}

const NotFound = fault("thing_not_found", { code: "not_found", details: z.object({ id: z.string() }), message: "There is none." });
let ran = 0;
const operations = [
  query("t.get", {
    input: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), version: z.string() }),
    faults: [NotFound],
    access: "public",
    budget: "5s",
    http: { route: "GET /things/{id}", etag: ({ version }) => version },
    run: async ({ id }) => {
      if (id === "none") throw new NotFound({ id });
      return { id, version: id === "comma" ? "a,b" : "7" };
    },
  }),
  command("t.make", {
    input: z.object({ name: z.string() }),
    output: z.object({ name: z.string(), ran: z.int() }),
    access: signedIn(),
    budget: "5s",
    idempotent: "key",
    faults: [NotFound],
    http: "POST /things",
    run: async ({ name }) => {
      ran++;
      if (name === "none") throw new NotFound({ id: name });
      return { name, ran };
    },
  }),
];

describe("reading and replaying over HTTP", () => {
  let served: Served;
  before(async () => {
    const { authenticator: authentication } = setUp();
    served = await serve(operations, { database: { open: rememberingDatabase }, authentication });
  });
  after(() => served[Symbol.asyncDispose]());

  it("answers HEAD as GET, with the length and without the body, and keeps the connection in step", async () => {
    const wire = await served.wire();
    wire.send(requestText("GET", "/things/a"));
    const get = await wire.next();
    wire.send(requestText("HEAD", "/things/a"));
    const head = await wire.next({ head: true });
    const { date: _, "x-request-id": __, ...first } = get?.headers ?? {};
    const { date: ___, "x-request-id": ____, ...second } = head?.headers ?? {};
    assert.deepEqual([get?.status, head?.status], [200, 200]);
    assert.deepEqual(second, first);
    wire.send(requestText("HEAD", "/things/none"));
    assert.equal((await wire.next({ head: true }))?.status, 404);
    wire.send(requestText("GET", "/things/a"));
    assert.deepEqual((await wire.next())?.json, { id: "a", version: "7" });
    wire.close();
  });

  it("lists what a path allows", async () => {
    const { status, headers } = await served.ask("OPTIONS", "/things/a");
    assert.deepEqual([status, headers.allow], [204, "GET, HEAD, OPTIONS"]);
    const refused = await served.ask("POST", "/things/a");
    assert.deepEqual([refused.status, refused.headers.allow], [405, "GET, HEAD, OPTIONS"]);
  });

  for (const [id, ifNoneMatch, status] of [
    ["a", '"7"', 304],
    ["a", 'W/"7"', 304],
    ["a", '"6", "7"', 304],
    ["a", '"6",W/"7" , "8"', 304],
    ["a", "*", 304],
    ["a", " * ", 304],
    ["comma", '"a,b"', 304],
    ["comma", '"a"', 200],
    ["a", '"6"', 200],
    ["a", "7", 200],
    ["a", '"77"', 200],
    ["a", "", 200],
    ["a", '"', 200],
    ["none", "*", 404],
  ] as const) {
    it(`answers If-None-Match ${ifNoneMatch} for ${id} with ${status}`, async () => {
      for (const method of ["GET", "HEAD"]) {
        const response = await served.ask(method, `/things/${id}`, { headers: { "if-none-match": ifNoneMatch } });
        assert.equal(response.status, status);
        if (status !== 404) assert.equal(response.headers.etag, id === "comma" ? '"a,b"' : '"7"');
        if (status === 304) assert.equal(response.body, "");
      }
    });
  }

  const authorization = `Bearer ${makeToken()}`;
  const make = (key: string | undefined, name: string) => {
    const headers = { authorization, ...(key !== undefined && { "idempotency-key": key }) };
    return served.ask("POST", "/things", { headers, body: { name } });
  };

  it("says of a replayed reply that it is one", async () => {
    const first = await make("k-1", "a");
    const second = await make("k-1", "a");
    assert.deepEqual([first.status, first.headers["idempotency-replayed"]], [200, undefined]);
    assert.deepEqual([second.status, second.headers["idempotency-replayed"]], [200, "true"]);
    assert.equal(second.body, first.body);
  });

  it("replays a declared fault, and says so", async () => {
    const first = await make("k-2", "none");
    const second = await make("k-2", "none");
    assert.deepEqual([first.status, first.headers["idempotency-replayed"]], [404, undefined]);
    assert.deepEqual([second.status, second.headers["idempotency-replayed"]], [404, "true"]);
    assert.deepEqual(second.json.details, first.json.details);
  });

  for (const [why, key] of [
    ["none", undefined],
    ["an empty one", ""],
    ["one with a space", "a b"],
    ["one that is too long", "a".repeat(256)],
    ["one that is not ASCII", "\u00e9"],
  ] as const) {
    it(`refuses ${why} where a key is needed`, async () => {
      const before_ = ran;
      const { status, json } = await make(key, "a");
      assert.equal(status, 400);
      assert.match(json.type, /idempotency_key_(missing|invalid)$/);
      assert.equal(ran, before_);
    });
  }
});
