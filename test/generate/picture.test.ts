import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { drawTerminal, readTerminal, shown } from "../docs/terminal.ts";
import { Project, root } from "./project.ts";

const svg = readFileSync(join(root, "docs/from-prd.svg"), "utf8");
const typed = readTerminal(svg);
const again = "Draw it again: node --conditions=source test/campaigns/generate/terminal.ts";

describe("the picture of the way from a document of requirements to a response", () => {
  const project = new Project(readFileSync(join(root, "test/generate/prds/marketplace.md"), "utf8"));
  after(() => project.stop());

  for (const { command, printed } of typed.filter(({ command }) => command.startsWith("npx plimsoll ")))
    it(`shows what ${command} prints`, async () => {
      const lines = (await project.verb(command.slice("npx plimsoll ".length))).split("\n").map(shown);
      assert.ok(printed.length > 1, again);
      assert.deepEqual(
        printed.filter((line) => !lines.includes(line)),
        [],
        again,
      );
    });

  it("ends with a response", () => {
    assert.deepEqual(
      typed.map(({ command }) => command.split(" ")[0]),
      ["npx", "npx", "npx", "npm", "npm", "curl"],
    );
    assert.match(typed.at(-1)?.printed[0] ?? "", /^\{"items":\[\{/);
  });

  it("is read as it was drawn", () => {
    const lines = [{ command: "a && b", printed: ["<c>", "  d"] }];
    assert.deepEqual(readTerminal(drawTerminal("e", lines)), lines);
  });
});
