import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../../src/core/node/make-folder.ts";

const home = mkdtempSync(join(tmpdir(), "plimsoll-folder-"));
after(() => rmSync(home, { recursive: true, force: true }));

describe("makeFolder", () => {
  it("makes a folder and those above it, and leaves one that exists", () => {
    const folder = join(home, "a", "b", "c");
    makeFolder(folder, { mode: 0o700 });
    writeFileSync(join(folder, "kept"), "");
    makeFolder(folder);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.ok(existsSync(join(folder, "kept")));
  });

  it("refuses what is a file, or is below one", () => {
    const file = join(home, "file");
    writeFileSync(file, "");
    assert.throws(() => makeFolder(file), { code: "EEXIST" });
    assert.throws(() => makeFolder(join(file, "below")), { code: /^(ENOTDIR|EEXIST)$/ } as object);
  });

  // In a process of its own: what spins in the file system ends for no timer.
  it("ends at once where no folder can be made, with what the file system says", { skip: !existsSync("/proc/self") }, () => {
    const module = JSON.stringify(fileURLToPath(new URL("../../src/core/node/make-folder.ts", import.meta.url)));
    const code = `import { makeFolder } from ${module}; try { makeFolder("/proc/x/y"); } catch (error) { console.log(error.code); }`;
    const { stdout, signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { timeout: 10_000, encoding: "utf8" });
    assert.deepEqual([stdout.trim(), signal], ["ENOENT", null]);
  });
});
