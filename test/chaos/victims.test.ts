import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ProcessVictim } from "./victims.ts";

// What the kill loops count as a process that ended by itself.
const rows = [
  {
    what: "one that served and then exits",
    program: "console.log('serving'); setTimeout(() => process.exit(3), 50)",
    ended: [/ended with 3: .*serving/s],
  },
  { what: "one that served and runs out of work", program: "console.log('serving')", ended: [/ended with 0/] },
  { what: "none that could not start", program: "process.exit(1)", ended: [] },
  { what: "none that was killed", program: "console.log('serving'); setInterval(() => {}, 1_000)", kills: true, ended: [] },
];
for (const { what, program, kills = false, ended } of rows)
  it(`counts ${what}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-victims-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "program.mjs");
    writeFileSync(file, program);
    const victim = new ProcessVictim(pathToFileURL(file).href, {});
    victim.start();
    while (victim.starts < 2) {
      await wait(5);
      if (kills && victim.output !== "") victim.kill();
    }
    await victim.stop();
    assert.equal(victim.ended.slice(0, 1).length, ended.length);
    for (const [index, pattern] of ended.entries()) assert.match(victim.ended[index] ?? "", pattern);
  });
