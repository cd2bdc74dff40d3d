import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const directive = /^\s*\/\/ @ts-expect-error ([^|]+?)(?: \| (.+))?$/;

interface Refusal {
  readonly reason: string;
  /** What the message must hold, in this order. */
  readonly says: readonly string[];
  /** The line that the compiler must complain about, counted from 1. */
  readonly line: number;
}

/** A project beside the repository that imports "plimsoll" as a user does. */
const project = mkdtempSync(join(tmpdir(), "plimsoll-types-"));
after(() => rmSync(project, { recursive: true, force: true }));

function compile(files: Readonly<Record<string, string>>): ReadonlyMap<string, ReadonlyMap<number, string>> {
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      paths: {
        plimsoll: [join(root, "src/index.ts")],
        "plimsoll/client": [join(root, "src/client/index.ts")],
        "plimsoll/resilience": [join(root, "src/resilience/index.ts")],
        "plimsoll/upstream": [join(root, "src/upstream/index.ts")],
      },
      declaration: false,
      incremental: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    files: Object.keys(files),
  };
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(settings));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "--noEmit", "--pretty", "false", "-p", project], {
    cwd: project,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return readMessages(stdout);
}

/** The messages by file and line; a line that begins with blanks belongs to the message before it. */
function readMessages(output: string): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const messages = new Map<string, Map<number, string>>();
  for (const part of output.split(/\n(?=\S)/)) {
    const found = /^(.+?)\((\d+),\d+\): error (TS\d+: [\s\S]*)$/.exec(part);
    if (!found) continue;
    const [, file, line, message] = found as unknown as [string, string, string, string];
    const lines = messages.get(file) ?? new Map<number, string>();
    messages.set(file, lines.set(Number(line), [lines.get(Number(line)), message].filter(Boolean).join("\n")));
  }
  return messages;
}

function readRefusals(text: string): readonly Refusal[] {
  return text.split("\n").flatMap((line, index) => {
    const [, reason, says] = directive.exec(line) ?? [];
    return reason === undefined ? [] : [{ reason, says: says?.split(" … ") ?? [], line: index + 2 }];
  });
}

const sources = [
  "refused.ts",
  "refused-access.ts",
  "refused-client.ts",
  "refused-events.ts",
  "refused-sagas.ts",
  "refused-sourcing.ts",
  "refused-policies.ts",
  "refused-objectives.ts",
  "refused-streams.ts",
  "refused-upstreams.ts",
].map((name) => ({
  name,
  text: readFileSync(join(root, "test/types", name), "utf8"),
}));
const messages = compile({
  ...Object.fromEntries(
    sources.flatMap(({ name, text }) => [
      [`kept-${name}`, text],
      // Without the directives the compiler says what it refuses.
      [`spoken-${name}`, text.replaceAll("@ts-expect-error", "refused:")],
    ]),
  ),
  "inferred.ts": readFileSync(join(root, "test/types/inferred.ts"), "utf8"),
  "planted.ts": '// @ts-expect-error nothing is wrong here\nexport const fine: number = 1;\nexport const wrong: number = "one";\n',
});

for (const { name, text: source } of sources) {
  const refusals = readRefusals(source);
  const spoken = messages.get(`spoken-${name}`) ?? new Map<number, string>();
  describe(`the compiler refuses what ${name} has`, () => {
    for (const { reason, says, line } of refusals) {
      test(`${reason} (line ${line})`, () => {
        const message = spoken.get(line);
        assert.ok(message, `nothing is refused in line ${line}: ${source.split("\n")[line - 1]}`);
        assert.ok(says.length > 0, "say behind the reason, after a bar, what the message must hold");
        let from = 0;
        for (const part of says) {
          const at = message.indexOf(part, from);
          assert.ok(at >= 0, `the message does not say ${part}:\n${message}`);
          from = at + part.length;
        }
      });
    }

    test("nothing else, where the directives stand", () => {
      assert.deepEqual(messages.get(`kept-${name}`), undefined);
      assert.deepEqual(
        [...spoken.keys()],
        refusals.map(({ line }) => line),
      );
    });
  });
}

describe("the compiler works out", () => {
  test("input, output and dependencies, also of modules that call each other", () => {
    assert.equal(messages.get("inferred.ts"), undefined);
  });

  test("what is planted: a directive without an error, and an error without a directive", () => {
    const planted = messages.get("planted.ts");
    assert.match(planted?.get(1) ?? "", /Unused '@ts-expect-error' directive/);
    assert.match(planted?.get(3) ?? "", /Type 'string' is not assignable to type 'number'/);
  });
});
