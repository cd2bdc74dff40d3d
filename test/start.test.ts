// Starts the app of docs/start.md and sends the requests that stand there.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readMarkdown } from "./docs/markdown.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "plimsoll-start-"));
// The server runs as another user where this one is root.
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

const requests = readMarkdown(readFileSync(join(root, "docs/start.md"), "utf8")).blocks.filter(
  ({ language, text }) => language === "sh" && text.startsWith("curl"),
);

interface Running {
  readonly url: string;
  readonly ops: string;
  readonly token: string;
  stop(): Promise<number | null>;
}

async function start(): Promise<Running> {
  const env = { ...process.env, PORT: "0", OPS_PORT: "0", JWT_SECRET: "a secret of at least 32 characters" };
  const app = spawn(process.execPath, ["--conditions=source", join(root, "examples/start/main.ts")], {
    ...{ cwd: folder, env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(app, "exit") as Promise<[number | null]>;
  after(() => app.kill("SIGKILL"));
  let said = "";
  for await (const line of createInterface(app.stdout)) {
    said += `${line}\n`;
    if (line.startsWith("export TOKEN=")) break;
  }
  const [, url, ops, token] = /^(\S+)\/docs, health and metrics at (\S+)\nexport TOKEN=(\S+)$/m.exec(said) ?? [];
  assert.ok(url && ops && token, `it said something else:\n${said}`);
  return {
    ...{ url, ops, token },
    stop: async () => {
      app.kill("SIGINT");
      const [code] = await exited;
      return code;
    },
  };
}

const noCurl = spawnSync("curl", ["--version"]).error !== undefined && "curl is not installed";

test("without its secret it does not start, and says so in one message", () => {
  const { JWT_SECRET: _, ...env } = process.env;
  const app = spawnSync(process.execPath, ["--conditions=source", join(root, "examples/start/main.ts")], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  assert.match(app.stderr, /^The configuration has 1 problem:\n {2}JWT_SECRET .*signs tokens.*\n$/);
  assert.deepEqual([app.stdout, app.status], ["", 1]);
});

test("the requests of docs/start.md are answered as it says", { skip: noCurl }, async () => {
  const app = await start();
  const send = ({ text }: { readonly text: string }): string => {
    const command = text.replaceAll("localhost:3000", app.url).replaceAll("localhost:9464", app.ops);
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
      ...{ cwd: folder, encoding: "utf8" },
      env: { ...process.env, TOKEN: app.token },
    });
    assert.equal(status, 0, `${command}\n${stderr}`);
    return stdout;
  };
  const [add, list, wrong, cost, ...others] = requests;
  assert.ok(add && list && wrong && cost && others.length === 0, "docs/start.md has other requests: test them here");

  const first = send(add);
  assert.match(first, /^HTTP\/1\.1 201 Created\r\n[^{]*location: \/v1\/notes\/[\da-f-]{36}\r\n/);
  const again = send(add);
  assert.match(again, /\r\nidempotency-replayed: true\r\n/);
  assert.equal(again.split("\r\n\r\n")[1], first.split("\r\n\r\n")[1]);
  assert.equal(JSON.parse(send(list)).items.length, 1);
  assert.deepEqual(send(wrong).match(/"status":\d+|"pointer":"[^"]*"/g), [
    '"status":409',
    '"status":400',
    '"pointer":"/body"',
    '"status":401',
  ]);
  assert.match(send(cost), /operation="notes\.add",code="ok",where="database"\} \d[\s\S]*"operation":"notes\.(add|list)"/);
  assert.equal(await app.stop(), 0);
});
