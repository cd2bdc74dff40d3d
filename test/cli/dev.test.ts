// `npm run dev`, with a small program in the place of the shop: what an editor does to its files, and what the program does meanwhile.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** What runs a program in development; the program comes last. */
const [before, flags] = String(scripts.dev)
  .replace(/^KEEP_DATABASE=true node /, "")
  .split("--conditions=source");
const command = [
  ...(before ?? "")
    .trim()
    .split(" ")
    .map((part) => (part.startsWith("src/") ? join(root, part) : part))
    .filter(Boolean),
];
/** The suite keeps compiled code in a folder of its own. */
const { NODE_COMPILE_CACHE: _, ...unset } = process.env;
/** Longer than any change takes to be noticed, on a busy machine. */
const patienceMs = 20_000;

/** Says its version, and stays until it is asked to end; the lines of a program that ends late come in between. */
const program = (version: string, ending = "process.exit(0)") =>
  // What it says is read as a sign that it can be asked to end, so it says it last.
  `import { note } from "./note.ts";\nprocess.on("SIGTERM", () => { console.log("ends"); ${ending}; });\nsetInterval(() => {}, 1_000);\n` +
  `console.log("${version} " + note + " " + (process.env.PLIMSOLL_RELOADS ?? "first"));\n`;

describe("npm run dev", () => {
  let folder: string;
  let runner: ChildProcess;
  let lines: AsyncIterator<string>;
  const at = (name: string) => join(folder, name);
  /** As most editors save: a new file takes the place of the old. */
  const save = (name: string, text: string) => {
    writeFileSync(at(`.${name}.new`), text);
    renameSync(at(`.${name}.new`), at(name));
  };
  const line = async (): Promise<string> => {
    const patience = after(patienceMs, "nothing", { ref: false });
    for (;;) {
      const said = await Promise.race([lines.next().then(({ value }) => value ?? "the runner has ended"), patience]);
      // What the runner itself says is not the program.
      if (!/^(Change detected|Restarting|Completed running|Failed running)/.test(said)) return said;
    }
  };
  const start = () => {
    runner = spawn(process.execPath, [...command, at("main.ts")], { cwd: folder, stdio: ["ignore", "pipe", "ignore"], env: unset });
    lines = createInterface({ input: runner.stdout! })[Symbol.asyncIterator]();
  };
  beforeEach(() => {
    assert.ok(flags !== undefined, "the script runs the sources");
    folder = mkdtempSync(join(tmpdir(), "plimsoll-dev-"));
    writeFileSync(at("note.ts"), 'export const note = "a";\n');
    writeFileSync(at("main.ts"), program("one"));
    start();
  });
  afterEach(async () => {
    if (runner.exitCode === null && runner.signalCode === null) {
      const ended = once(runner, "exit");
      runner.kill("SIGTERM");
      const gone = await Promise.race([ended, after(patienceMs, undefined, { ref: false })]);
      if (gone === undefined) runner.kill("SIGKILL");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("hears every save that renames, not only the first", async () => {
    assert.match(await line(), /^one a /);
    for (const [count, note] of ["b", "c", "d", "e"].entries()) {
      save("note.ts", `export const note = "${note}";\n`);
      assert.equal(await line(), "ends", note);
      assert.equal(await line(), `one ${note} ${count + 1}`);
    }
  });

  it("hears saves that write in place, and those that move the old file away first", async () => {
    assert.match(await line(), /^one a /);
    writeFileSync(at("note.ts"), 'export const note = "b";\n');
    assert.deepEqual([await line(), await line()], ["ends", "one b 1"]);
    renameSync(at("note.ts"), at("note.ts~"));
    writeFileSync(at("note.ts"), 'export const note = "c";\n');
    assert.deepEqual([await line(), await line()], ["ends", "one c 2"]);
    rmSync(at("note.ts"));
    writeFileSync(at("note.ts"), 'export const note = "d";\n');
    assert.deepEqual([await line(), await line()], ["ends", "one d 3"]);
  });

  it("starts once for a burst, with what was saved last", async () => {
    assert.match(await line(), /^one a /);
    for (let n = 0; n < 40; n++) save("note.ts", `export const note = "${n}";\n`);
    save("main.ts", program("two"));
    assert.deepEqual([await line(), await line()], ["ends", "two 39 1"]);
    save("main.ts", program("three"));
    assert.deepEqual([await line(), await line()], ["ends", "three 39 2"], "and nothing came in between");
  });

  it("lives through a mistake, and starts again when it is gone", async () => {
    assert.match(await line(), /^one a /);
    save("note.ts", "export const note = ;\n");
    assert.equal(await line(), "ends");
    save("note.ts", 'export const note = "b";\n');
    assert.match(await line(), /^one b \d$/);
  });

  it("sees folders that are made later, and what is not a module but read: SQL", async () => {
    assert.match(await line(), /^one a /);
    mkdirSync(at("migrations/deep"), { recursive: true });
    writeFileSync(at("migrations/deep/0001_notes.sql"), "select 1");
    assert.deepEqual([await line(), await line()], ["ends", "one a 1"]);
    save("migrations/deep/0001_notes.sql".replace(/.*\//, ""), "select 2");
    assert.deepEqual([await line(), await line()], ["ends", "one a 2"]);
  });

  it("does not start for what the program writes: logs, and what lies in folders of tools", async () => {
    assert.match(await line(), /^one a /);
    for (const name of [".data", "node_modules", "dist"]) {
      mkdirSync(at(name));
      writeFileSync(at(`${name}/written.ts`), "1");
    }
    writeFileSync(at("shop.log"), "{}\n");
    save("main.ts", program("two"));
    assert.deepEqual([await line(), await line()], ["ends", "two a 1"], "one start, and it is for the program");
  });

  it("keeps what Node.js compiled of the program beside the packages, if there are any", async () => {
    const asks =
      'console.log(String(process.env.NODE_COMPILE_CACHE));\nprocess.on("SIGTERM", () => process.exit(0));\nsetInterval(() => {}, 1_000);\n';
    assert.match(await line(), /^one a /);
    save("main.ts", asks);
    assert.deepEqual([await line(), await line()], ["ends", "undefined"]);
    mkdirSync(at("node_modules"));
    save("main.ts", `${asks}\n`);
    const kept = await line();
    assert.equal(kept, join(realpathSync(folder), "node_modules/.cache/plimsoll"));
    save("note.ts", 'export const note = "b";\n');
    assert.equal(await line(), kept);
    assert.ok(globSync("*/*", { cwd: kept }).length > 0, "what was compiled is there");
  });

  it("lets the program end before the next begins, and asks it once (as before)", async () => {
    save("main.ts", program("slow", "setTimeout(() => { console.log('has ended'); process.exit(0); }, 300)"));
    for (let said = await line(); !said.startsWith("slow"); said = await line()) assert.match(said, /^(one|ends|has ended)/);
    save("note.ts", 'export const note = "b";\n');
    const next = [await line(), await line(), await line()];
    assert.deepEqual(next.slice(0, 2), ["ends", "has ended"]);
    assert.match(next[2]!, /^slow b /);
  });

  it("ends the program and itself on SIGINT, with 0", async () => {
    assert.match(await line(), /^one a /);
    const ended = once(runner, "exit");
    runner.kill("SIGINT");
    assert.equal(await line(), "ends");
    assert.deepEqual(await ended, [0, null]);
  });
});
