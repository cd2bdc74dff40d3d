import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { createApp } from "plimsoll";
import { postgres } from "plimsoll/postgres";
import { FaultProxy, type TestDatabase, testDatabase } from "plimsoll/testing";
import { bank } from "../bank/bank.ts";
import { session } from "../scratch.ts";

const modules = [bank];

/** How a start ends that cannot connect. */
async function startAt(url: string): Promise<{ code: string; type: string; message: string }> {
  const app = createApp({ modules, database: postgres({ url }) });
  try {
    await app.start();
    return { code: "ok", type: "", message: "" };
  } catch (error) {
    return error as never;
  } finally {
    await app.stop();
  }
}

/** A server that refuses every client with one error of PostgreSQL. */
async function refusing(sqlState: string, message: string) {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${message}\0\0`);
  const head = Buffer.alloc(5, "E");
  head.writeInt32BE(fields.length + 4, 1);
  const server = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.end(Buffer.concat([head, fields])));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `postgres://app@127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

describe("a start says why the server refused, and what to do", () => {
  const spoken: Record<string, [sqlState: string, message: string, next: RegExp]> = {
    "all its connections are in use": ["53300", "sorry, too many clients already", /Raise max_connections, lower connections/],
    "only reserved connections are left": [
      "53300",
      "remaining connection slots are reserved for roles with the SUPERUSER attribute",
      /Raise max_connections/,
    ],
    "pg_hba.conf has no line": [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.7", user "app", database "shop", SSL encryption',
      /Add a line for this user, database and network to pg_hba\.conf/,
    ],
    "pg_hba.conf wants encryption": [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.7", user "app", database "shop", no encryption',
      /sslmode=verify-full/,
    ],
    "pg_hba.conf rejects": [
      "28000",
      'pg_hba.conf rejects connection for host "10.0.0.7", user "app", database "shop", no encryption',
      /pg_hba\.conf/,
    ],
    "it is starting up": ["57P03", "the database system is starting up", /pg_isready/],
    "it recovers": ["57P03", "the database system is in recovery mode", /pg_isready/],
    "it is shutting down": ["57P03", "the database system is shutting down", /Start the server again/],
    "an administrator ends it": ["57P01", "terminating connection due to administrator command", /Start it again/],
  };
  for (const [name, [sqlState, message, next]] of Object.entries(spoken)) {
    it(`where ${name}`, async () => {
      await using server = await refusing(sqlState, message);
      const refused = await startAt(server.url);
      assert.deepEqual([refused.code, refused.type], ["unavailable", "database_unreachable"]);
      assert.ok(refused.message.includes(message), refused.message);
      assert.match(refused.message, next);
      assert.doesNotMatch(refused.message, /password/);
    });
  }

  it("where it knows no TLS", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined).once("data", () => socket.write("N"))).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    const refused = await startAt(`postgres://app@127.0.0.1:${(server.address() as AddressInfo).port}/shop?sslmode=verify-full`);
    server.close();
    assert.equal(refused.type, "database_unreachable");
    assert.match(refused.message, /does not support SSL.*Switch ssl on at the server.*sslmode=disable/);
  });

  describe("of a real one", () => {
    let database: TestDatabase;
    before(async () => {
      database = await testDatabase({ modules });
    });
    after(() => database.drop());

    const name = () => new URL(database.url).pathname.slice(1);
    const role = `refused_${process.pid}`;
    const cases: Record<string, [change: () => string, back: () => string, says: RegExp]> = {
      "where the role has no connection left": [
        () => `alter role ${role} connection limit 0`,
        () => `alter role ${role} connection limit -1`,
        /too many connections for role.*alter role … connection limit/,
      ],
      "where the database has no connection left": [
        () => `alter database ${name()} connection limit 0`,
        () => `alter database ${name()} connection limit -1`,
        /too many connections for database.*alter database … connection limit/,
      ],
      "where the role may not log in": [
        () => `alter role ${role} nologin`,
        () => `alter role ${role} login`,
        /not permitted to log in.*alter role … login/,
      ],
      "where the role may not enter the database": [
        () => `revoke connect on database ${name()} from public`,
        () => `grant connect on database ${name()} to public`,
        /permission denied for database.*grant connect on database/,
      ],
      "where the database takes no connections": [
        () => `alter database ${name()} allow_connections false`,
        () => `alter database ${name()} allow_connections true`,
        /not currently accepting connections.*allow_connections true/,
      ],
      "where the database was dropped": [() => "select 1", () => "select 1", /database "gone" does not exist.*create database/],
      "where the role was dropped": [
        () => `drop role ${role}`,
        () => `create role ${role} login`,
        /role "refused_\d+" does not exist.*create role/,
      ],
    };
    for (const [title, [change, back, says]] of Object.entries(cases)) {
      it(title, async () => {
        const admin = new URL(database.adminUrl);
        admin.pathname = "/postgres";
        await using owner = await session(admin.href);
        const url = new URL(database.url);
        url.username = role;
        if (title.includes("database was dropped")) url.pathname = "/gone";
        await owner.query(`create role ${role} login`);
        try {
          await owner.query(change());
          const refused = await startAt(url.href);
          assert.deepEqual([refused.code, refused.type], ["unavailable", "database_unreachable"], refused.message);
          assert.match(refused.message, says);
        } finally {
          await owner.query(back());
          await owner.query(`drop role ${role}`);
        }
      });
    }

    for (const effect of ["cut-before", "cut-after"] as const)
      it(`says what to do where the server goes away while the start looks at its role: ${effect}`, async () => {
        const { hostname, port } = new URL(database.url);
        await using proxy = new FaultProxy({ host: hostname, port: Number(port) });
        await proxy.start();
        proxy.next({ containing: "has_schema_privilege", effect });
        const { code, type, message } = await startAt(proxy.through(database.url));
        assert.deepEqual([code, type], ["unavailable", "database_unreachable"], message);
      });
  });
});
