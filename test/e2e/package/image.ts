// What the Dockerfile of the guide does, taken step by step in an empty folder.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const guide = fileURLToPath(new URL("../../../docs/guide/deploy.md", import.meta.url));

interface Place {
  readonly root: string;
  /** Where tarballs lie. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly installing: readonly string[];
  readonly succeed: (command: string, args: readonly string[], cwd: string) => Promise<string>;
}

/** The steps of the guide's Dockerfile, as instruction and rest. */
export function imageSteps(): readonly (readonly [string, string])[] {
  assert.ok(existsSync(guide), "there is a guide to deploying");
  const file = /```dockerfile\n([\s\S]*?)```/.exec(readFileSync(guide, "utf8"))?.[1] ?? assert.fail("it has no Dockerfile");
  return file
    .trim()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
}

/** What is copied into the image: a program, and a package.json that names the packed tarball. */
async function makeContext({ root, folder, installing, succeed }: Place): Promise<string> {
  const context = join(folder, "context");
  mkdirSync(join(context, "src"), { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const dependencies = { plimsoll: `file:${join(folder, `plimsoll-${version}.tgz`)}` };
  writeFileSync(join(context, "package.json"), JSON.stringify({ name: "shop", private: true, type: "module", dependencies }));
  await succeed("npm", [...installing, "--package-lock-only"], context);
  writeFileSync(
    join(context, "src/main.ts"),
    `import { createApp, supervise } from "plimsoll";
     import { http } from "plimsoll/http";
     const app = createApp({ modules: [], surfaces: [http({ port: 0, documents: true })], ops: { port: 0 }, shutdownDelay: "100ms" });
     await supervise(app);
     const [{ status }, docs]: Response[] = await Promise.all([fetch(\`\${app.urls.ops}/readyz\`), fetch(\`\${app.urls.surfaces[0]}/\`)]);
     console.log(process.env.NODE_ENV, status, docs!.url.endsWith("/docs"));
     process.kill(process.pid, "SIGTERM");`,
  );
  return context;
}

/** Takes the steps, and runs the program as the image would: it serves, and stops when it is asked to. */
export async function runImage(place: Place): Promise<void> {
  const { folder, env, succeed } = place;
  const context = await makeContext(place);
  const image = join(folder, "image");
  mkdirSync(image);
  const settings: Record<string, string> = {};
  const take = async (rest: string) => {
    if (rest.startsWith("npm ")) return succeed("npm", [...rest.split(" ").slice(1), "--prefer-offline", "--no-audit", "--no-fund"], image);
    // The user of an image is not one of this machine.
    const line = rest.replace(/ && chown \S+ \S+$/, "").replace(/^node /, `"${process.execPath}" `);
    return execute("sh", ["-c", line], { cwd: image, env: { ...env, ...settings } });
  };
  for (const [name, rest] of imageSteps()) {
    if (name === "ENV") settings[rest.split("=")[0]!] = rest.split("=")[1]!.replace(/^\/app\//, `${image}/`);
    if (name === "COPY") {
      const [to, ...from] = rest.split(" ").toReversed();
      for (const path of from) cpSync(join(context, path), to === "./" ? join(image, path) : join(image, to!), { recursive: true });
    }
    if (name === "RUN") await take(rest);
  }
  const kept = globSync("*/*", { cwd: settings.NODE_COMPILE_CACHE ?? assert.fail("compiled code is kept") });
  assert.ok(kept.length > 50, `what was compiled of the packages is in the image: ${kept.length} files`);
  const [node, ...args] = JSON.parse(imageSteps().at(-1)![1]) as string[];
  assert.equal(node, "node");
  const { stdout, stderr } = await execute(process.execPath, args, { cwd: image, env: { ...env, ...settings }, timeout: 60_000 });
  assert.equal(stdout, "production 200 true\n", stderr);
}
