// Whether the way to PostgreSQL is encrypted, and the server at its end the right one. The server is a stub: it speaks TLS, and refuses what comes then.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { TLSSocket } from "node:tls";
import { withClient } from "../../../src/postgres/client.ts";
import { unreachable } from "../../../src/postgres/start/unreachable.ts";
import { verifiedUrl } from "../../../src/postgres/start/verified-url.ts";
import { type Certificate, certificate } from "../../upstream/certificates.ts";

const authority = certificate({ name: "Test authority", isAuthority: true });
const stranger = certificate({ name: "Another authority", isAuthority: true });
const good = certificate({ name: "db.test", issuer: authority, of: ["db.test", "127.0.0.1"] });

describe("the address of a PostgreSQL", () => {
  for (const [url, verified] of [
    ["postgres://u:p@db.example/shop", "postgres://u:p@db.example/shop?sslmode=verify-full"],
    ["postgres://u@10.0.0.7:5432/shop?application_name=a", "postgres://u@10.0.0.7:5432/shop?application_name=a&sslmode=verify-full"],
    ["postgres://u@db/shop?sslmode=require", "postgres://u@db/shop?sslmode=verify-full"],
    ["postgres://u@db/shop?sslmode=prefer&x=y", "postgres://u@db/shop?sslmode=verify-full&x=y"],
    ["postgres://u@localhost.evil.test/shop", "postgres://u@localhost.evil.test/shop?sslmode=verify-full"],
    ["postgres://u@127.0.0.1.evil.test/shop", "postgres://u@127.0.0.1.evil.test/shop?sslmode=verify-full"],
    ["postgres://u@localhost/shop?host=db.example", "postgres://u@localhost/shop?host=db.example&sslmode=verify-full"],
  ] as const)
    it(`verifies the server of ${url}`, () => assert.equal(verifiedUrl(url), verified));

  for (const url of [
    "postgres://u@127.0.0.1:5432/shop",
    "postgres://u@[::1]/shop",
    "postgres://u@localhost/shop",
    "postgres://u@%2Fvar%2Frun%2Fpostgresql/shop",
    "postgres:///shop?host=/var/run/postgresql",
    "postgres://u@db/shop?sslmode=disable",
    "postgres://u@db/shop?sslmode=no-verify",
    "postgres://u@db/shop?sslmode=verify-full",
    "not an address",
  ])
    it(`stays as it is: ${url}`, () => assert.equal(verifiedUrl(url), url));
});

describe("a PostgreSQL behind TLS", () => {
  /** Begins TLS as PostgreSQL does, and ends what comes then with a fault of its own. */
  async function stub(t: TestContext, { cert, key }: Certificate, ca = authority.cert) {
    const names: (string | undefined)[] = [];
    const server = createServer((raw) => {
      raw.on("error", () => undefined);
      raw.once("data", () => {
        raw.write("S");
        const socket = new TLSSocket(raw, { isServer: true, cert, key, ca, requestCert: true, rejectUnauthorized: false });
        socket.on("error", () => undefined);
        socket.once("data", () => {
          names.push(socket.getPeerX509Certificate()?.subject);
          const fields = "SFATAL\0VFATAL\0C3D000\0Mthe stub was reached\0\0";
          const head = Buffer.from([0x45, 0, 0, 0, fields.length + 4]);
          socket.end(Buffer.concat([head, Buffer.from(fields)]));
        });
      });
    });
    await new Promise<void>((listening) => server.listen(0, "0.0.0.0", listening));
    t.after(() => server.close());
    return { port: (server.address() as AddressInfo).port, names };
  }
  const refusal = (url: string) =>
    withClient(url, async () => "connected").then(
      () => "connected",
      (error) => (unreachable(error) as Error).message,
    );
  const folder = (t: TestContext) => {
    const made = mkdtempSync(join(tmpdir(), "plimsoll-pg-tls-"));
    t.after(() => rmSync(made, { recursive: true }));
    return (name: string, text: string) => {
      writeFileSync(join(made, name), text);
      return join(made, name);
    };
  };

  it("is reached where its authority is named", async (t) => {
    const { port } = await stub(t, good);
    const ca = folder(t)("ca.pem", authority.cert);
    assert.match(await refusal(`postgres://u:p@127.0.0.1:${port}/d?sslmode=verify-full&sslrootcert=${ca}`), /the stub was reached/);
  });

  it("of another authority, or with a certificate for another name, is sent nothing, and the message says what to do", async (t) => {
    const { port, names } = await stub(t, good);
    const other = await stub(t, certificate({ name: "db.test", issuer: authority, of: ["db.test"] }));
    const file = folder(t);
    const wrong = file("wrong.pem", stranger.cert);
    const right = file("right.pem", authority.cert);
    for (const url of [
      `postgres://u:p@127.0.0.1:${port}/d?sslmode=verify-full&sslrootcert=${wrong}`,
      `postgres://u:p@127.0.0.1:${other.port}/d?sslmode=require&sslrootcert=${right}`,
      // Not on this machine as far as its address says: verified without being asked to.
      `postgres://u:p@0.0.0.0:${port}/d`,
    ])
      assert.match(await refusal(url), /does not trust the server's certificate.*sslrootcert/, url);
    assert.deepEqual([...names, ...other.names], []);
  });

  it("knows this process by its certificate, which is read again for each connection", async (t) => {
    const { port, names } = await stub(t, good);
    const file = folder(t);
    const ca = file("ca.pem", authority.cert);
    for (const name of ["first", "second"]) {
      const own = certificate({ name, issuer: authority });
      const [cert, key] = [file("own.pem", own.cert), file("own.key", own.key)];
      const tls = `sslmode=verify-full&sslrootcert=${ca}&sslcert=${cert}&sslkey=${key}`;
      assert.match(await refusal(`postgres://u:p@127.0.0.1:${port}/d?${tls}`), /the stub was reached/);
    }
    assert.deepEqual(names, ["CN=first", "CN=second"]);
  });
});
