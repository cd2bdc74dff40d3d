// What every verb of the command has in common: its names, its options, its help, its errors, its language.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readLine } from "../../src/cli/arguments.ts";
import { exits } from "../../src/cli/exits.ts";
import { languageOfText } from "../../src/cli/language.ts";
import { nearest } from "../../src/cli/nearest.ts";
import { widthOf } from "../../src/cli/terminal/width.ts";
import { findVerb, verbs } from "../../src/cli/verbs.ts";
import { runCommand } from "./run-command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-cli-"));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

describe("verbs", () => {
  it("have names of their own, in both languages", () => {
    const names = verbs.flatMap(({ name, also }) => [name, ...also].map((own) => own.toLowerCase()));
    assert.equal(new Set(names).size, names.length, names.join());
    for (const { name, also } of verbs) {
      assert.match(name, /^[a-z]+$/);
      assert.match(also[0], /[\p{Script=Han}A-Z]/u, `the Chinese name of ${name}`);
    }
  });

  for (const verb of verbs) {
    for (const name of [verb.name, ...verb.also, `/${verb.name}`, `/${verb.also[0]}`, verb.name.toUpperCase()])
      it(`${verb.name} is found as ${name}`, () => assert.equal(findVerb(name), verb));

    for (const lang of ["en", "zh"] as const)
      it(`${verb.name} explains itself in ${lang}, with an example`, async () => {
        const { code, out } = await runCommand([...(verb.isRaw ? ["--lang", lang, verb.name] : [verb.name, "--lang", lang]), "--help"]);
        assert.equal(code, 0);
        for (const said of [verb.summary[lang], `plimsoll ${verb.example.line}`, ...Object.keys(verb.options).map((name) => `--${name}`)])
          assert.ok(out.includes(said), said);
        assert.ok(verb.example.line.startsWith(verb.name), "the example is one of this verb");
        assert.match(verb.summary.zh + verb.example.does.zh, /\p{Script=Han}/u);
      });
  }

  it("are all in the help, with the exit codes, at 80 columns", async () => {
    for (const lang of ["en", "zh"] as const) {
      const { code, out } = await runCommand(["--help", "--lang", lang]);
      assert.equal(code, 0);
      for (const { name, also } of verbs) assert.match(out, new RegExp(`^  ${name} +${also[0]}  `, "m"));
      for (const exit of Object.values(exits)) assert.ok(out.includes(`\n  ${exit.code} `), String(exit.code));
      for (const line of out.split("\n")) assert.ok(widthOf(line) <= 80 || /^ {2}plimsoll /.test(line), line);
    }
  });
});

const wrong: readonly [string, RegExp][] = [
  ["complet", /has no verb "complet"\. Did you mean plimsoll completion\?/],
  ["/compltion", /Did you mean plimsoll completion\?/],
  ["开法", /没有“开法”这个命令。是不是想输入 plimsoll 开发？/],
  ["xyzzy", /has no verb "xyzzy"\. The verbs are init, /],
  ["completion bash --jsno", /has no option --jsno\. Did you mean --json\?/],
  ["completion bash --qqqqqq", /has no option --qqqqqq\. See plimsoll completion --help\./],
  ["completion bash -z", /has no option -z/],
  ["completion bash zsh", /has no use for "zsh"/],
  ["completion bash --json=1", /--json takes no value/],
  ["completion bash --lang", /--lang needs a value/],
  ["completion --lang --json bash", /--lang/],
  ["completion bash --lang fr", /--lang fr is not a language of plimsoll\. Write --lang en or --lang zh\./],
  ["completion", /needs the name of a shell\. Name one of bash, zsh, fish/],
  ["completion csh", /There is no completion for csh/],
  ["dev", /needs a program to run/],
  ["--nothing", /has no option --nothing/],
];

describe("wrong use", () => {
  for (const [line, error] of wrong)
    it(`says what is wrong with "plimsoll ${line}", and ends with 64`, async () => {
      const { code, out, err } = await runCommand(line.split(" "));
      assert.equal(code, exits.usage.code);
      if (line.includes("--json bash")) return;
      assert.equal(out, "");
      assert.match(err, error);
    });

  it("is JSON where JSON was asked for", async () => {
    const { code, out, err } = await runCommand(["completion", "csh", "--json"]);
    assert.deepEqual([code, err], [64, ""]);
    assert.deepEqual(Object.keys(JSON.parse(out)), ["verb", "exit", "outcome", "error"]);
    assert.match(JSON.parse(out).error.fix, /bash, zsh, fish/);
  });
});

describe("the language", () => {
  const chinese = { "PRD.md": "# 电商平台\n\n用户可以下单，99.99% 可用性 SLA。\n" };
  const english = { "PRD.md": "# Shop\n\nUsers can order 商品 and pay.\n" };
  const cases: readonly [string, readonly string[], Record<string, string>, Record<string, string>, "en" | "zh"][] = [
    ["by default", ["--help"], {}, {}, "en"],
    ["of LANG", ["--help"], {}, { LANG: "zh_CN.UTF-8" }, "zh"],
    ["of LC_ALL before LANG", ["--help"], {}, { LC_ALL: "en_US.UTF-8", LANG: "zh_CN.UTF-8" }, "en"],
    ["of the PRD before LANG", ["--help"], chinese, { LANG: "en_US.UTF-8" }, "zh"],
    ["of an English PRD with Chinese words", ["--help"], english, { LANG: "zh_CN.UTF-8" }, "en"],
    ["of a PRD below docs", ["--help"], { "docs/产品需求文档.md": "用户管理" }, {}, "zh"],
    ["of the flag before the PRD", ["--help", "--lang=en"], chinese, {}, "en"],
    ["of the flag in front", ["--lang", "中文", "--help"], english, {}, "zh"],
    ["of a Chinese verb before LANG", ["/补全", "--help"], {}, { LANG: "en_US.UTF-8" }, "zh"],
    ["of a PRD without letters: the next", ["--help"], { "PRD.md": "\u0000\u0001 12\n" }, { LANG: "zh_TW" }, "zh"],
  ];
  for (const [what, args, files, env, language] of cases)
    it(`is that ${what}`, async () => {
      const { out } = await runCommand(args, { folder: folderWith(files), env });
      assert.match(out, language === "zh" ? /用法：/ : /Usage: /);
    });
});

describe("languageOfText", () => {
  for (const [text, language] of [
    ["用户可以下单", "zh"],
    ["GET /orders 返回订单列表", "zh"],
    ["The page 商品 lists goods", "en"],
    ["99.99 %", undefined],
  ] as const)
    it(`is ${language} of "${text}"`, () => assert.equal(languageOfText(text), language));
});

describe("plimsoll alone", () => {
  it("says how to begin without a PRD", async () => {
    const { code, out } = await runCommand([]);
    assert.equal(code, 0);
    assert.match(out, /There is no PRD\.md.*\nTo begin, write PRD\.md/);
    assert.ok(out.includes(version));
  });
  it("finds the PRD, in JSON too", async () => {
    const folder = folderWith({ "prd.md": "# A\n\nB\n" });
    assert.match((await runCommand([], { folder })).out, /Found prd\.md \(3 lines\)/);
    const { out } = await runCommand(["--json"], { folder });
    assert.equal(JSON.parse(out).result.prd, "prd.md");
  });
  it("prints its version", async () => assert.equal((await runCommand(["--version"])).out, `${version}\n`));
});

describe("a command line", () => {
  for (const [args, verb, lang] of [
    [["check", "--lang", "zh"], "check", "zh"],
    [["--lang", "zh", "check"], "check", "zh"],
    [["--json", "--lang=en", "check", "a"], "check", "en"],
    [["--lang"], undefined, undefined],
    [[], undefined, undefined],
  ] as const)
    it(`"${args.join(" ")}" has the verb ${verb}`, () => {
      const line = readLine(args);
      assert.deepEqual([line.verb, line.lang], [verb, lang]);
    });

  it("has nearest words only where they are near", () => {
    assert.deepEqual(nearest("chekc", ["check", "deploy"]), ["check"]);
    assert.deepEqual(nearest("mo", ["monitor", "deploy"]), ["monitor"]);
    assert.deepEqual(nearest("zzzzzz", ["check", "deploy"]), []);
  });
});

describe("a file that is not there", () => {
  for (const verb of ["dev", "load", "design"])
    for (const [lang, says] of [
      ["en", new RegExp(`^Error: There is no file nope\\.ts\\. Name the .* as in plimsoll ${verb} `)],
      ["zh", /^错误：没有文件 nope\.ts。请指定/],
    ] as const)
      it(`is named by ${verb} in ${lang}, with what to write instead`, async () => {
        const { code, err } = await runCommand(["--lang", lang, verb, "nope.ts"]);
        assert.match(err, says);
        assert.equal(code, exits.missing.code);
      });
});

for (const [lang, says] of [
  ["en", /^Error: --floor is 200\. Use a percentage from 0 to 100\.\n$/],
  ["zh", /^错误：--floor 的值是 200。请使用 0 到 100 之间的百分比。\n$/],
] as const)
  it(`says in ${lang} what --floor of test takes, and nothing of suites`, async () => {
    const { code, err } = await runCommand(["--lang", lang, "test", "--floor", "200"]);
    assert.match(err, says);
    assert.equal(code, exits.usage.code);
  });

it("lists the verbs in Chinese as Chinese does", async () => {
  const { err } = await runCommand(["--lang", "zh", "xyzzy"]);
  assert.match(err, /^错误：plimsoll 没有“xyzzy”这个命令。可用的命令有 init、dev、design、/);
});

describe("the process", () => {
  const main = join(root, "src/cli/main.ts");
  it("ends with the exit code, without colours where no terminal is", async () => {
    const { status, stderr } = spawnSync(process.execPath, [main, "xyzzy"], { encoding: "utf8", env: { ...process.env, LANG: "C" } });
    assert.equal(status, 64);
    assert.match(stderr, /^Error: plimsoll has no verb/);
  });
  it("names the Node.js that it needs in one line, on one that is too old", () => {
    const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(old)}`, main, "--help"],
      {
        encoding: "utf8",
      },
    );
    assert.equal(status, exits.unavailable.code);
    assert.match(stderr, /^Plimsoll needs Node\.js [\d.]+ or newer, and this is 20\.20\.2\. [^\n]+\n$/);
  });
  it("ends quietly when the reader of its output has left", async () => {
    const { stderr } = await promisify(execFile)("bash", ["-c", `"${process.execPath}" "${main}" --help | head -1`]);
    assert.equal(stderr, "");
  });
  it("ends with 130 and without a result's error after Ctrl-C", async () => {
    const { code, err } = await runCommand(["completion", "bash"], { signal: AbortSignal.abort() });
    assert.deepEqual([code, err], [130, "Stopped.\n"]);
  });
});

describe("docs/guide/command.md", () => {
  const guide = readFileSync(join(root, "docs/guide/command.md"), "utf8");
  it("lists the exit codes as they are", () => {
    const rows = Object.entries(exits).map(([name, { code, means }]) => `| ${code} | \`${name}\` | ${means.en} |`);
    assert.ok(guide.includes(rows.join("\n")), rows.join("\n"));
  });
  it("shows an error as it is", async () => {
    const { out } = await runCommand(["completion", "csh", "--json"]);
    assert.ok(guide.includes(out));
  });
});
