import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { describeCoverage, type FileReached, readCoverage, total } from "./coverage.ts";

const half = `interface Unseen {
  readonly types: "are no code";
}
// Nor are comments.
export function called(n: number): string {
  if (n > 1) {
    return "never";
  }
  return "always";
}

export function uncalled(): Unseen {
  const types = "are no code";
  return { types };
}
`;

describe("coverage", () => {
  let root = "";
  let files: FileReached[] = [];
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "plimsoll-coverage-test-"));
    await mkdir(join(root, "src"));
    await writeFile(join(root, "src/half.ts"), half);
    await writeFile(join(root, "src/unloaded.ts"), "export const one = () => 1;\nexport const two = () => 2;\n");
    await writeFile(join(root, "src/only-types.ts"), "export interface Nothing {\n  readonly to: 'run';\n}\n");
    await writeFile(join(root, "first.ts"), 'import { called } from "./src/half.ts";\ncalled(1);\n');
    await writeFile(join(root, "second.ts"), 'import { called } from "./src/half.ts";\ncalled(0);\n');
    const folder = join(root, "coverage");
    for (const program of ["first.ts", "second.ts"]) {
      const { status, stderr } = spawnSync(process.execPath, [join(root, program)], { env: { ...process.env, NODE_V8_COVERAGE: folder } });
      assert.equal(status, 0, String(stderr));
    }
    await writeFile(join(folder, "of-a-process-that-was-killed.json"), '{"result":[{');
    files = await readCoverage(folder, root);
    assert.deepEqual(await readdir(folder), []);
  });
  after(() => rm(root, { recursive: true, force: true }));
  const of = (name: string) => files.find(({ file }) => file === `src/${name}.ts`);

  it("counts lines with code, and not those of types and comments (as before)", () => {
    assert.deepEqual(of("half")?.lines, [5, 10]);
    assert.deepEqual(of("only-types")?.lines, [0, 0]);
  });
  it("names exported functions that nothing called (as before)", () => {
    assert.deepEqual(of("half")?.functions, [1, 2]);
    assert.deepEqual(of("half")?.uncalled, ["uncalled"]);
  });
  it("counts a file that was never loaded with all its code (as before)", () => {
    assert.deepEqual(
      [of("unloaded")?.lines, of("unloaded")?.functions],
      [
        [0, 2],
        [0, 2],
      ],
    );
  });
  it("says whether the floor holds (as before)", () => {
    assert.deepEqual(total(files).functions, [1, 4]);
    assert.equal(describeCoverage(files).holds, false);
    assert.match(describeCoverage(files).text, /no test calls uncalled of src\/half\.ts/);
    const reached = [{ file: "src/a.ts", lines: [9, 10], functions: [90, 100], uncalled: [] }] as const;
    assert.equal(describeCoverage(reached).holds, true);
  });
});
