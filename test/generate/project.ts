// A project that the command writes, in a folder of the repository, so that it runs on this source of Plimsoll.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runCommand } from "../cli/run-command.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export class Project {
  readonly folder: string;
  #running: ChildProcess | undefined;

  constructor(prd: string) {
    mkdirSync(join(root, ".data"), { recursive: true });
    this.folder = mkdtempSync(join(root, ".data/generate-"));
    this.writePrd(prd);
    mkdirSync(join(this.folder, "node_modules"));
    symlinkSync(root, join(this.folder, "node_modules/plimsoll"), "junction");
  }

  writePrd(prd: string): void {
    writeFileSync(join(this.folder, "PRD.md"), prd);
  }

  /** Runs a verb in this process, and returns what it printed. */
  async verb(args: string): Promise<string> {
    const { code, out, err } = await runCommand(args.split(" "), { folder: this.folder });
    assert.equal(code, 0, `plimsoll ${args}\n${out}${err}`);
    return out;
  }

  /** Runs node with the source of Plimsoll, and returns what it printed. */
  async node(...args: readonly string[]): Promise<string> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, ["--conditions=source", "--disable-warning=ExperimentalWarning", ...args], {
      cwd: this.folder,
      env,
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += String(text)));
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 0, `node ${args.join(" ")}\n${said}`);
    return said;
  }

  /** Starts the service, and returns its address and a token. */
  async start(): Promise<{ readonly url: string; readonly token: string }> {
    const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
    const env = { ...rest, PORT: "0", OPS_PORT: "0" };
    const child = spawn(process.execPath, ["--conditions=source", "src/api.ts"], {
      cwd: this.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#running = child;
    let said = "";
    child.stderr.on("data", (text) => (said += String(text)));
    for await (const line of createInterface(child.stdout)) {
      said += `${line}\n`;
      if (line.startsWith("export TOKEN=")) break;
    }
    const [, url, token] = /^(\S+)\/docs,[^\n]*\nexport TOKEN=(\S+)$/m.exec(said) ?? [];
    assert.ok(url !== undefined && token !== undefined, `it did not start:\n${said}`);
    return { url, token };
  }

  async stop(): Promise<void> {
    const child = this.#running;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGINT");
      await once(child, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
