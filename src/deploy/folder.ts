import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Fault } from "../core/fault.ts";
import { deploymentFiles } from "./files.ts";
import { type DeploymentOptions, shapeOf } from "./shape.ts";

/** Where a deployment keeps what it was written from, and what was written. */
export const recordPath = "deploy/deployment.json";

/** What a deployment was written from, and the hash of each file as it was written. */
export interface DeploymentRecord {
  readonly options: DeploymentOptions;
  readonly files: Readonly<Record<string, string>>;
}

/** The files by what was done with them. */
export interface Written {
  readonly written: readonly string[];
  /** A person changed them: they are as they were. */
  readonly kept: readonly string[];
  readonly same: readonly string[];
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** Reads what a deployment was written from; undefined where none was. *Faults*: `invalid_argument` where the record cannot be read. */
export function readRecord(folder: string): DeploymentRecord | undefined {
  const path = join(folder, recordPath);
  if (!existsSync(path)) return undefined;
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Partial<DeploymentRecord>;
    if (typeof found.options?.name === "string" && typeof found.files === "object") return found as DeploymentRecord;
  } catch {
    // The same as a record of another form.
  }
  throw new Fault({
    code: "invalid_argument",
    type: "deployment_record_invalid",
    message: `${recordPath} cannot be read. Take it from the version control again, or remove it and run plimsoll deploy: files that you changed are kept.`,
  });
}

/**
 * Writes the files of a deployment. *Guarantees*: a file that a person changed or made is kept as it is; the record is written last, so that what a stop leaves
 * unwritten is written the next time.
 */
export function writeDeployment(folder: string, options: DeploymentOptions): Written {
  const before = readRecord(folder)?.files ?? {};
  const [written, kept, same]: [string[], string[], string[]] = [[], [], []];
  const hashes: Record<string, string> = {};
  for (const [path, text] of deploymentFiles(shapeOf(options))) {
    const target = join(folder, path);
    const found = existsSync(target) ? readFileSync(target, "utf8") : undefined;
    if (found === text) same.push(path);
    else if (found !== undefined && hashOf(found) !== before[path]) {
      kept.push(path);
      if (before[path] !== undefined) hashes[path] = before[path];
      continue;
    } else {
      replace(target, text);
      written.push(path);
    }
    hashes[path] = hashOf(text);
  }
  replace(join(folder, recordPath), `${JSON.stringify({ options, files: hashes }, undefined, 2)}\n`);
  return { written, kept, same };
}

/** A reader sees the old file or the new one, never a part. */
function replace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

/** Reads the files that the check looks at: those below `deploy`, and a Dockerfile beside it. *Bounds*: 1,000 files of up to 1 MiB. */
export function readDeployment(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const take = (path: string): void => {
    if (found.size < 1_000 && /\.ya?ml$|Dockerfile[^/]*$/.test(path))
      found.set(path, readFileSync(join(folder, path), "utf8").slice(0, 1_048_576));
  };
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      if (entry.isDirectory()) walk(`${path}/${entry.name}`);
      else if (entry.isFile()) take(`${path}/${entry.name}`);
  };
  if (existsSync(join(folder, "deploy"))) walk("deploy");
  if (existsSync(join(folder, "Dockerfile"))) take("Dockerfile");
  return found;
}
