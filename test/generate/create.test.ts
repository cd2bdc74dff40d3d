// What create-plimsoll makes of its arguments, with a program that says what it is given, instead of the command.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";

describe("create-plimsoll", () => {
  let home: string;
  const create = (...args: readonly string[]) => {
    const cwd = mkdtempSync(join(home, "at-"));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(home, "main.js"), ...args], { cwd, encoding: "utf8" });
    return { status, said: stderr, lines: stdout.trim().split("\n"), folders: readdirSync(cwd) };
  };
  before(() => {
    home = mkdtempSync(join(tmpdir(), "plimsoll-create-"));
    copyFileSync(new URL("../../create-plimsoll/main.js", import.meta.url), join(home, "main.js"));
    const installed = join(home, "node_modules/plimsoll");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(home, "package.json"), '{"type":"module"}');
    writeFileSync(join(installed, "package.json"), '{"type":"module","bin":{"plimsoll":"says.js"}}');
    writeFileSync(
      join(installed, "says.js"),
      `import { basename } from "node:path";\nconsole.log(basename(process.cwd()), ...process.argv.slice(2));\n`,
    );
  });
  after(() => rmSync(home, { recursive: true }));

  const cases: readonly (readonly [args: readonly string[], folder: string, options: string])[] = [
    [[], "my-app", ""],
    [["shop", "--yes"], "shop", " --yes"],
    [["--lang", "zh", "shop"], "shop", " --lang zh"],
    [["zh", "--lang", "zh"], "zh", " --lang zh"],
    [["--lang", "zh", "zh"], "zh", " --lang zh"],
  ];
  for (const [args, folder, options] of cases)
    it(`runs init, design and api in ${folder} for "${args.join(" ")}"`, () => {
      const { status, lines, folders } = create(...args);
      assert.deepEqual(
        [status, folders, lines.slice(0, 3)],
        [0, [folder], [`${folder} init${options}`, `${folder} design --assume${options}`, `${folder} api${options}`]],
      );
      assert.equal(lines.at(-3), `cd ${basename(folder)}`);
    });

  const refusals: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [["shop"], /^Error: it needs Node\.js 99\.1\.0 or newer, and this is \d+\.\d+\.\d+\. Nothing was made\. Install it/],
    [["shop", "--lang", "zh"], /^错误：需要 Node\.js 99\.1\.0 或更新的版本，当前是 /],
  ];
  for (const [args, says] of refusals)
    it(`refuses an old Node.js for "${args.join(" ")}", before it makes anything`, () => {
      const manifest = join(home, "package.json");
      writeFileSync(manifest, '{"type":"module","engines":{"node":">=99.1.0"}}');
      try {
        const { status, said, folders } = create(...args);
        assert.deepEqual([status, folders], [69, []]);
        assert.match(said, says);
      } finally {
        writeFileSync(manifest, '{"type":"module"}');
      }
    });

  it("takes the oldest Node.js that it names (as before)", () => {
    const manifest = join(home, "package.json");
    writeFileSync(manifest, JSON.stringify({ type: "module", engines: { node: `>=${process.versions.node}` } }));
    try {
      assert.equal(create("shop").status, 0);
    } finally {
      writeFileSync(manifest, '{"type":"module"}');
    }
  });

  for (const help of ["--help", "-h"])
    it(`explains itself for ${help}, and makes no folder`, () => {
      const { status, lines, folders } = create(help);
      assert.deepEqual([status, folders], [0, []]);
      assert.match(lines[0]!, /^Usage: npm create plimsoll/);
    });
});
