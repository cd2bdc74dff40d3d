import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedPostgres } from "../../src/embedded/launcher.ts";
import { withClient } from "../../src/postgres/client.ts";
import type { TestServer } from "../../src/testing/database.ts";

/** Settings of a server, as in `{ timezone: "Asia/Kolkata" }`. */
export type ServerSettings = Readonly<Record<string, string>>;

/** An embedded server that no other test uses, so that its settings may be anything. */
export interface OwnServer extends TestServer, AsyncDisposable {
  /** Replaces all settings that were set this way; sessions that are open take them over with their next statement. */
  set(settings: ServerSettings): Promise<void>;
}

export async function startOwnServer(): Promise<OwnServer> {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-campaign-"));
  const server = new EmbeddedPostgres({ directory });
  await server.start();
  const { adminUrl } = server;
  const stop = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return {
    ...{ name: "own", adminUrl, stop },
    set: (settings) =>
      withClient(adminUrl, async (client) => {
        await client.query("set default_transaction_read_only = off");
        await client.query("alter system reset all");
        for (const [name, value] of Object.entries(settings))
          await client.query(
            `alter system set ${client.escapeIdentifier(name)} = ${value
              .split(", ")
              .map((part) => client.escapeLiteral(part))
              .join(", ")}`,
          );
        await client.query("select pg_reload_conf()");
        // The postmaster reads its files in its own time; a new session shows that it has.
        for (const [name, value] of Object.entries(settings)) await waitFor(adminUrl, name, value);
        if (Object.keys(settings).length === 0) await waitFor(adminUrl, "default_transaction_read_only", "off");
      }),
    [Symbol.asyncDispose]: stop,
  };
}

async function waitFor(adminUrl: string, name: string, value: string): Promise<void> {
  for (;;) {
    const rows = await withClient(
      adminUrl,
      async (client) => (await client.query<{ is: string }>("select current_setting($1) as is", [name])).rows,
    );
    if (rows[0]?.is.toLowerCase() === value.toLowerCase()) return;
  }
}
