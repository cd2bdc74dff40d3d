import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../free-port.ts";

/** A PgBouncer in transaction mode. */
export interface Pooler extends AsyncDisposable {
  /** As in `127.0.0.1:6432`. */
  readonly host: string;
  /** Whether it keeps prepared statements: from 1.21 on it can. */
  readonly prepares: boolean;
}

export interface PoolerSpec {
  /** The server behind it. */
  readonly adminUrl: string;
  /** Roles with the passwords by which they are known to the server. */
  readonly roles: Readonly<Record<string, string>>;
}

/** The version of PgBouncer, as in `[1, 21]`; undefined where it is not installed. */
export function poolerVersion(): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(`${spawnSync("pgbouncer", ["--version"]).stdout}`) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** Starts PgBouncer on a free port. */
export async function startPooler({ adminUrl, roles }: PoolerSpec): Promise<Pooler> {
  const [major, minor] = poolerVersion() ?? assert.fail("PgBouncer is not installed. Install it as in: apt-get install -y pgbouncer");
  const prepares = major > 1 || minor >= 21;
  const { hostname, port: serverPort } = new URL(adminUrl);
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-pooler-"));
  chmodSync(directory, 0o755);
  const port = await freePort();
  const [settings, users] = [join(directory, "pgbouncer.ini"), join(directory, "users.txt")];
  writeFileSync(
    users,
    Object.entries(roles)
      .map(([role, password]) => `"${role}" "${password}"\n`)
      .join(""),
  );
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
max_client_conn = 500
default_pool_size = 20
${prepares ? "max_prepared_statements = 200" : ""}
`,
  );
  // PgBouncer refuses to run as root.
  const child = spawn("pgbouncer", [...(process.getuid?.() === 0 ? ["-u", "nobody"] : []), settings], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes) => {
    said += bytes;
  });
  const ended = once(child, "exit");
  for (let tries = 0; !(await answers(port)); tries++) {
    assert.ok(child.exitCode === null && tries < 200, `PgBouncer did not start: ${said}`);
    await pause(50);
  }
  return {
    ...{ host: `127.0.0.1:${port}`, prepares },
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      const hard = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await ended;
      clearTimeout(hard);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
  });
}
