// The short form of `node test/campaigns/servers.ts`: the shop on a server that is set up otherwise than ours, and on one that takes no writes.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runFile } from "../run/process.ts";
import { serverVariable } from "./chosen-server.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";
import { throughReadOnly } from "./read-only.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const killMs = 4 * 60_000;
/** How often the shop is asked while its server takes no writes. */
const asked = 8;

describe("the shop, on a server that is set up otherwise", () => {
  let server: OwnServer;
  before(async () => {
    server = await startOwnServer();
  });
  after(() => server?.stop());

  it("answers and records what it does on ours", async () => {
    await server.set({
      timezone: "Asia/Kolkata",
      datestyle: "SQL, DMY",
      intervalstyle: "sql_standard",
      bytea_output: "escape",
      default_transaction_isolation: "serializable",
    });
    process.env[serverVariable] = server.adminUrl;
    try {
      for (const file of ["test/e2e/shop/catalog.test.ts", "test/e2e/shop/receipts.test.ts"]) {
        const { passed, failed, failures } = await runFile(file, { killMs, cwd: root });
        assert.equal(failed, 0, failures.join("\n"));
        assert.ok(passed > 0, `${file} ran nothing`);
      }
    } finally {
      delete process.env[serverVariable];
      await server.set({});
    }
  });

  it("refuses writes with 503 while the server takes none, goes on reading, and loses nothing (as before)", async () => {
    let report: Awaited<ReturnType<typeof throughReadOnly>> | undefined;
    await assert.doesNotReject(async () => {
      report = await throughReadOnly(server, (times) => times < asked);
    });
    assert.deepEqual(report, { writes: 3 * asked, reads: asked });
  });
});
