import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../examples/shop/services/main.ts", import.meta.url));

it("the services say which port is in use, end with 1, and leave no PostgreSQL running", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-services-"));
  const child = spawn(process.execPath, ["--conditions=source", program], {
    env: { ...process.env, PORT: String(port), PROVIDER_PORT: "0", DATA_DIR: directory },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    assert.equal(code, 1, said);
    assert.deepEqual(said.trim().split("\n"), [
      `The HTTP port ${port} is in use by another program. Stop it, or choose another port.`,
      `The service gateway ended with 1 before it served. Its log is ${directory}/gateway.log.`,
    ]);
    assert.ok(!existsSync(join(directory, "postgres/postgres/postmaster.pid")), "PostgreSQL has stopped");
  } finally {
    child.kill("SIGKILL");
    taken.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
});
