import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bench = fileURLToPath(new URL("..", import.meta.url));
const mark = `${bench}node_modules/.installed-lockfile`;

/** Installs the packages of this folder where they are not there, or not those of the lockfile. Prints to stderr only. */
export function ensureInstalled(): void {
  const wanted = createHash("sha256")
    .update(readFileSync(`${bench}package-lock.json`))
    .digest("hex");
  if (read(mark) === wanted) return;
  process.stderr.write("Installing the peers into bench/node_modules (once)…\n");
  execFileSync("npm", ["ci", "--prefix", bench, "--ignore-scripts", "--no-audit", "--no-fund"], { stdio: ["ignore", 2, 2] });
  writeFileSync(mark, wanted);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
