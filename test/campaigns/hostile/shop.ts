import assert from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { jwtIssuer } from "../../../src/auth/jwt-issuer.ts";
import { freePort } from "../../free-port.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The shop as `npm start` runs it, with a database of its own. */
export interface Shop extends AsyncDisposable {
  readonly port: number;
  readonly process: ChildProcess;
  /** One read through everything, down to the database. Returns its status; without an answer 0. *Default*: on a connection of its own. */
  ask(agent?: Agent | false): Promise<number>;
}

/** Starts the shop under the flags of `npm start`, and resolves when it answers. */
export async function startShop(): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-hostile-"));
  const [port, secret] = [await freePort(), randomBytes(48).toString("base64url")];
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: { start: string } };
  const shop = spawn(process.execPath, scripts.start.replace(/^.*?\bnode /, "").split(" "), {
    cwd: root,
    env: { ...process.env, PORT: String(port), OPS_PORT: "0", DATA_DIR: directory, JWT_SECRET: secret },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const { token } = await jwtIssuer({ key: { algorithm: "HS256", secret }, issuer: "shop", audience: "shop", ttl: "1h" }).sign({
    subject: "polite",
    tenant: "polite",
    roles: ["customer"],
  });
  const ask = (agent: Agent | false = false) =>
    new Promise<number>((resolve) => {
      const options = { port, host: "127.0.0.1", path: "/v1/products", agent, timeout: 10_000 } as const;
      const asked = request({ ...options, headers: { authorization: `Bearer ${token}` } }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode ?? 0));
      });
      asked.once("error", () => resolve(0));
      asked.once("timeout", () => asked.destroy());
      asked.end();
    });
  const stop = async () => {
    shop.kill("SIGTERM");
    if (shop.exitCode === null && shop.signalCode === null) await once(shop, "exit");
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (let i = 0; (await ask()) !== 200; i++) {
      assert(shop.exitCode === null && i < 600, "The shop did not start. Its messages are above.");
      await pause(200);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, process: shop, ask, [Symbol.asyncDispose]: stop };
}
