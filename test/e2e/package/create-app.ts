// What `npm create plimsoll` does, with packed tarballs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, symlinkSync } from "node:fs";
import { join } from "node:path";

interface Place {
  readonly root: string;
  /** Where tarballs are put. */
  readonly folder: string;
  /** The package is installed there. */
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  readonly installing: readonly string[];
  readonly succeed: (command: string, args: readonly string[], cwd: string) => Promise<string>;
}

/** Packs and installs create-plimsoll beside the package, makes an app, compiles it, starts it, and sends it a request. */
export async function createApp({ root, folder, project, env, installing, succeed }: Place): Promise<void> {
  await succeed("npm", ["pack", "--pack-destination", folder], join(root, "create-plimsoll"));
  const tarball = globSync("create-plimsoll-*.tgz", { cwd: folder })[0] ?? assert.fail("nothing was packed");
  await succeed("npm", [...installing, join(folder, tarball)], project);
  const said = await succeed(
    process.execPath,
    [join(project, "node_modules/.bin/create-plimsoll"), "my-app", "--yes", "--lang", "en"],
    project,
  );
  assert.match(said, /cd my-app\nnpm install\nnpm start\n$/);
  const made = join(project, "my-app");
  for (const name of ["fast-check", "pure-rand"])
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name), "junction");
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await succeed(process.execPath, [compiler, "--typeRoots", join(root, "node_modules/@types")], made);
  const service = spawn(process.execPath, ["src/api.ts"], { cwd: made, env: { ...env, PORT: "0", OPS_PORT: "0" } });
  let out = "";
  try {
    for await (const part of service.stdout) {
      out += String(part);
      if (out.includes("export TOKEN=")) break;
    }
    const [, url, token] = /^(\S+)\/docs[^\n]*\nexport TOKEN=(\S+)/.exec(out) ?? assert.fail(out);
    const response = await fetch(`${url}/notes`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as { items: unknown[] }).items.length, 1, "the row of the seed");
  } finally {
    service.kill("SIGINT");
    if (service.exitCode === null) await once(service, "exit");
  }
}
