// The conformance suite of MCP against an app, in both eras: node --conditions=source test/campaigns/mcp.ts
// It is no dependency of ours, because it brings a hundred packages: npx loads it. What fails ends it with 1.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";
import { asking } from "./mcp/asking.ts";
import { operations } from "./mcp/operations.ts";

const suite = "@modelcontextprotocol/conformance@0.2.0-alpha.12";

const app = createApp({
  modules: [module("suite", { operations }), module("asks", { operations: asking })],
  database: { open: () => new MemoryDatabase() },
  surfaces: [http({ port: 0, host: "127.0.0.1" }), mcp()],
  rateLimit: { perSecond: 0 },
});

async function scenarios(revision: string): Promise<readonly (readonly [name: string, passed: boolean])[]> {
  const args = ["-y", suite, "server", "--url", `${app.urls.surfaces[0]}/mcp`, "--requirements", revision];
  const { stdout } = await promisify(execFile)("npx", args, { maxBuffer: 64 << 20, timeout: 300_000 }).catch(
    (failed: { readonly stdout: string }) => failed,
  );
  if (process.argv.includes("--verbose")) console.log(stdout);
  // What is listed below it is run and not required.
  const summary = stdout.split("=== SUMMARY ===")[1] ?? "";
  const notRequired = new Set([...summary.matchAll(/^ {2}[✓✗] (\S+) \(/gm)].map(([, name]) => name));
  return [...summary.matchAll(/^([✓✗]) ([a-z0-9-]+): /gm)]
    .filter(([, , name]) => !notRequired.has(name))
    .map(([, mark, name]) => [name as string, mark === "✓"]);
}

await app.start();
let wrong = 0;
for (const revision of ["2025-11-25", "2026-07-28"]) {
  const ran = await scenarios(revision);
  if (ran.length === 0) wrong++;
  console.log(`\n${revision}: ${ran.filter(([, passed]) => passed).length} of ${ran.length} scenarios pass`);
  for (const [name, passed] of ran)
    if (!passed) {
      wrong++;
      console.log(`  ${name} fails`);
    }
}
await app.stop();
process.exitCode = wrong === 0 ? 0 : 1;
