import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { sleep, systemClock } from "../../../src/core/clock.ts";
import { type Account, accountFor, own } from "../../../src/embedded/account.ts";
import { embeddedBinaries } from "../../../src/embedded/binaries.ts";
import { usableBinaries } from "../../../src/embedded/cache.ts";
import { initialize } from "../../../src/embedded/initialize.ts";
import { dataArgument, environment, settings } from "../../../src/embedded/invocation.ts";
import { freePort } from "../../free-port.ts";

/** A primary with a standby that streams from it, both of this test alone. */
export interface Pair {
  readonly primaryUrl: string;
  readonly standbyUrl: string;
  stop(): Promise<void>;
}

/** Makes a cluster, and a standby of a copy of it: it was never started before, so the copy is whole. */
export async function startPair(): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-standby-"));
  const [primary, standby] = [join(folder, "primary"), join(folder, "standby")];
  const account = accountFor(primary);
  own(folder, account);
  const programs = await usableBinaries({ binaries: embeddedBinaries(), account, cacheDirectory: undefined, clock: systemClock });
  await initialize({ dataDirectory: primary, programs, account, logPath: join(folder, "initdb.log"), clock: systemClock });
  execFileSync("cp", ["-a", primary, standby]);
  const [primaryPort, standbyPort] = [await freePort(), await freePort()];
  writeFileSync(join(standby, "standby.signal"), "");
  chownSync(join(standby, "standby.signal"), account.uid, account.gid);
  appendFileSync(join(standby, "postgresql.auto.conf"), `primary_conninfo = 'host=127.0.0.1 port=${primaryPort} user=postgres'\n`);
  const servers = [
    start(programs, { dataDirectory: primary, port: primaryPort, account }),
    start(programs, { dataDirectory: standby, port: standbyPort, account }),
  ];
  const urls = [primaryPort, standbyPort].map((port) => `postgres://postgres@127.0.0.1:${port}/postgres`);
  await Promise.all(urls.map(answers));
  return {
    primaryUrl: urls[0]!,
    standbyUrl: urls[1]!,
    async stop() {
      await Promise.all(servers.map(stopped));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(
  programs: string,
  { dataDirectory, port, account }: { dataDirectory: string; port: number; account: Account },
): ChildProcess {
  const { uid, gid, other } = account;
  const options = [...settings({ port, dataDirectory, fsync: false, connections: 100 }), "-c", "shared_buffers=16MB"];
  return spawn(join(programs, "bin", "postgres"), ["-D", dataArgument(dataDirectory, account), ...options], {
    ...{ cwd: dataDirectory, env: environment("C"), stdio: "ignore" as const },
    ...(other ? { uid, gid } : {}),
  });
}

async function stopped(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  await ended;
}

/** Until it accepts connections: each refusal is the signal for the next. */
async function answers(connectionString: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return;
    } catch {
      await sleep(systemClock, 20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
