import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkLockfile, checkSubject } from "./project.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** The last commit before subjects had rules. */
const ruleless = "7577230";

describe("lockfiles", () => {
  for (const file of ["package-lock.json", "bench/package-lock.json"])
    it(`${file} says of every package what must arrive`, () =>
      assert.deepEqual(checkLockfile(readFileSync(`${root}/${file}`, "utf8")), []));

  const integrity = "sha512-abc+/09==";
  const planted: readonly [string, object, number][] = [
    ["has a hash", { version: "1.0.0", integrity }, 0],
    ["has none", { version: "1.0.0" }, 1],
    ["has a weak one", { version: "1.0.0", integrity: "sha1-abc=" }, 1],
    ["has an empty one", { version: "1.0.0", integrity: "" }, 1],
    ["is a link", { link: true }, 0],
    ["runs a script at install", { version: "1.0.0", integrity, hasInstallScript: true }, 1],
    ["runs a script for developers only", { version: "1.0.0", integrity, hasInstallScript: true, dev: true }, 0],
  ];
  for (const [what, entry, problems] of planted)
    it(`finds ${problems} problems in an entry that ${what}`, () =>
      assert.equal(checkLockfile(JSON.stringify({ packages: { "": {}, "node_modules/a": entry } })).length, problems));
});

describe("commit subjects", () => {
  it("name their area and fit into a line", (t) => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    let log: string;
    try {
      log = git("log", "--no-merges", "--format=%s", `${ruleless}..HEAD`);
    } catch {
      return t.skip("no history here: a tarball, or a clone of the last commits alone");
    }
    const wrong = log
      .split("\n")
      .filter((subject) => subject !== "" && checkSubject(subject) !== undefined)
      .map((subject) => `${subject}\n    ${checkSubject(subject)}`);
    assert.deepEqual(wrong, []);
  });

  const subjects: readonly [string, boolean][] = [
    ["tasks: hand over by known names", true],
    ["core/json, http: bound the values of a body", true],
    [`tasks: ${"a".repeat(65)}`, true],
    [`tasks: ${"a".repeat(66)}`, false],
    ["Hand over by known names", false],
    ["x", false],
    ["tasks:", false],
  ];
  for (const [subject, isGood] of subjects)
    it(`${isGood ? "takes" : "refuses"} ${JSON.stringify(subject.slice(0, 40))} of ${subject.length}`, () =>
      assert.equal(checkSubject(subject) === undefined, isGood));
});
