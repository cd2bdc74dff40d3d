#!/usr/bin/env node
// npm create plimsoll@latest my-app: runs `plimsoll init`, `design` and `api` in a new folder.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(`Usage: npm create plimsoll@latest FOLDER -- [--yes] [--lang en|zh]

Writes a service into FOLDER (my-app), from the PRD.md there or from three questions.
  --yes         Ask nothing.
  --lang en|zh  Speak English or Chinese.`);
  process.exit(0);
}
// npm only warns of an old Node.js, and what runs next would leave an empty folder.
const own = join(dirname(fileURLToPath(import.meta.url)), "package.json");
const needed = /\d+(?:\.\d+)*/.exec(JSON.parse(readFileSync(own, "utf8")).engines?.node ?? "0")[0];
if (isBelow(process.versions.node, needed)) {
  console.error(
    args[args.indexOf("--lang") + 1] === "zh"
      ? `错误：需要 Node.js ${needed} 或更新的版本，当前是 ${process.versions.node}。未创建任何内容。请从 https://nodejs.org 安装后重试。`
      : `Error: it needs Node.js ${needed} or newer, and this is ${process.versions.node}. Nothing was made. Install it from https://nodejs.org, and run this again.`,
  );
  process.exit(69);
}
const value = args.indexOf("--lang") + 1;
// By its place: a folder may be called like the language.
const place = args.findIndex((arg, at) => !arg.startsWith("-") && (value === 0 || at !== value));
const named = args[place] ?? "my-app";
const options = args.filter((_, at) => at !== place);
const folder = resolve(named);

const manifestPath = findManifest(dirname(fileURLToPath(import.meta.url)));
const { bin } = JSON.parse(readFileSync(manifestPath, "utf8"));
const command = join(dirname(manifestPath), bin.plimsoll);

mkdirSync(folder, { recursive: true });
if (!["PRD.md", "docs/PRD.md", "产品需求文档.md"].some((name) => existsSync(join(folder, name)))) run("init", ...options);
run("design", "--assume", ...options);
run("api", ...options);
console.log(`\ncd ${named}\nnpm install\nnpm start`);

/** Runs a verb there, and ends with its exit code where it fails. */
function run(...line) {
  const { status } = spawnSync(process.execPath, [command, ...line], { cwd: folder, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** The package of Plimsoll that was installed with this one. */
function findManifest(from) {
  const path = join(from, "node_modules/plimsoll/package.json");
  return existsSync(path) || dirname(from) === from ? path : findManifest(dirname(from));
}

/** Whether a version is older than another. */
function isBelow(version, least) {
  const [one, other] = [version, least].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  const at = other.findIndex((part, index) => part !== (one[index] ?? 0));
  return at >= 0 && (one[at] ?? 0) < other[at];
}
