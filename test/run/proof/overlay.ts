import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Renames } from "./renames.ts";

/** Lays an earlier commit out as a folder, with its own tests. */
export function checkout(root: string, base: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  execFileSync("sh", ["-c", `git -C "$1" archive "$2" | tar -x -C "$3"`, "sh", root, base, folder]);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Puts the tests of this tree in the place of a checkout's own, in the names of its code. */
export function overlay(folder: string, root: string, renames: Renames): string {
  rmSync(join(folder, "test"), { recursive: true });
  cpSync(join(root, "test"), join(folder, "test"), { recursive: true });
  for (const file of globSync("examples/**/*.test.ts", { cwd: root })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const file of globSync(["test/**/*.{ts,sql}", "examples/**/*.test.ts"], { cwd: folder }))
    writeFileSync(join(folder, file), inEarlierWords(renames, file, readFileSync(join(folder, file), "utf8")));
  writeModules(folder, renames);
  writeDoors(folder, renames);
  return folder;
}

/** Puts the text of a test file, or the name of one of its tests, into the words of the earlier code. */
export function inEarlierWords({ words }: Renames, file: string, text: string): string {
  return words.reduce((all, word) => (word.in?.test(file) === false ? all : all.replaceAll(word.here, word.was)), text);
}

/** Writes a module of re-exports at each new path. What is there already is only added to. */
function writeModules(folder: string, { modules, accessors }: Renames): void {
  // Folders come before their files, which say it better.
  for (const [path, { was, names = {} }] of Object.entries(modules).toSorted(([a], [b]) => a.length - b.length)) {
    const files = path.endsWith("/") ? globSync("*.ts", { cwd: join(folder, was[0]!) }) : [""];
    const renamed = Object.entries(names).map(([now, old]) => `${old} as ${now}`);
    for (const file of files) {
      const sources = was.map((old) => JSON.stringify(specifier(path + file, old + file)));
      const lines = sources.map((source) => `export * from ${source};`);
      if (renamed.length > 0) lines.push(`export { ${renamed.join(", ")} } from ${sources[0]};`);
      write(join(folder, path + file), lines.join("\n"));
    }
  }
  for (const [path, text] of Object.entries(accessors)) {
    if (existsSync(join(folder, path))) appendFileSync(join(folder, path), `${text}\n`);
    else write(join(folder, path), text);
  }
}

function writeDoors(folder: string, { doors }: Renames): void {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const [door, was] of Object.entries(doors)) manifest.exports[door] ??= manifest.exports[was];
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
}

function specifier(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${text}\n`);
}
