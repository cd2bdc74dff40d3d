// A PostgreSQL of its own that admits clients by their certificates alone: a process takes another one without a restart.
import assert from "node:assert/strict";
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { z } from "zod";
import { EmbeddedPostgres } from "../../../src/embedded/launcher.ts";
import { query } from "../../../src/operation/online/query.ts";
import { withClient } from "../../../src/postgres/client.ts";
import { postgres } from "../../../src/postgres/database.ts";
import { serve } from "../../e2e/http/app.ts";
import { certificate } from "../../upstream/certificates.ts";

const authority = certificate({ name: "Test authority", isAuthority: true });
const ofServer = certificate({ name: "db.test", issuer: authority, of: ["127.0.0.1"] });

const who = query("t.who", {
  ...{ input: z.object({}), output: z.object({ by: z.string().nullable() }), access: "public", budget: "20s", http: "GET /who" },
  run: async (_, { sql }) =>
    sql<{ by: string | null }>`select client_serial::text as by from pg_stat_ssl where pid = pg_backend_pid()`.one(),
});

it("a PostgreSQL that wants a certificate gets the one that is in the files then", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-pg-rotation-"));
  const server = new EmbeddedPostgres({ directory: folder });
  await server.start();
  t.after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { adminUrl } = server;
  const inData = (name: string) => join(folder, "postgres", name);
  const give = (name: string, text: string) => {
    const { uid, gid } = statSync(inData("pg_hba.conf"));
    writeFileSync(inData(name), text, { mode: 0o600 });
    if (process.getuid?.() === 0) chownSync(inData(name), uid, gid);
  };
  give("own.pem", ofServer.cert);
  give("own.key", ofServer.key);
  give("clients.pem", authority.cert);
  await withClient(adminUrl, async (client) => {
    await client.query("create role shop login");
    await client.query("grant connect on database postgres to shop");
    for (const setting of ["ssl_cert_file = 'own.pem'", "ssl_key_file = 'own.key'", "ssl_ca_file = 'clients.pem'", "ssl = on"])
      await client.query(`alter system set ${setting}`);
    give("pg_hba.conf", "hostssl all shop 127.0.0.1/32 cert\nhost all postgres 127.0.0.1/32 trust\n");
    await client.query("select pg_reload_conf()");
  });
  const become = (): void => {
    const { cert, key } = certificate({ name: "shop", issuer: authority });
    writeFileSync(join(folder, "client.pem"), cert);
    writeFileSync(join(folder, "client.key"), key);
  };
  become();
  writeFileSync(join(folder, "ca.pem"), authority.cert);
  const file = (name: string) => join(folder, name);
  const tls = `sslmode=verify-full&sslrootcert=${file("ca.pem")}&sslcert=${file("client.pem")}&sslkey=${file("client.key")}`;
  const url = adminUrl.replace("postgres://postgres@", "postgres://shop@");
  await using served = await serve([who], { database: postgres({ url: `${url}?${tls}`, adminUrl, connections: 1 }) });
  const asked = async () => (await served.ask("GET", "/who")).json.by;
  const first = await asked();
  assert.match(first, /^\d+$/);
  become();
  assert.equal(await asked(), first, "a connection keeps its own");
  await withClient(adminUrl, (client) => client.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shop'"));
  let next = await asked();
  // The pool may learn of it by the first request.
  while (next === undefined) next = await asked();
  assert.match(next, /^\d+$/);
  assert.notEqual(next, first);
});
