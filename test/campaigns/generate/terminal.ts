// Draws docs/from-prd.svg from what the commands print, from a PRD to a response: node --conditions=source test/campaigns/generate/terminal.ts
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawTerminal, type Typed } from "../../docs/terminal.ts";
import { Project, root } from "../../generate/project.ts";

const project = new Project(readFileSync(join(root, "test/generate/prds/marketplace.md"), "utf8"));
const typed: Typed[] = [];
const show = (command: string, printed: string, keep: (line: string) => boolean = () => true) =>
  void typed.push({ command, printed: printed.trim().split("\n").filter(keep) });

try {
  for (const verb of ["design --assume", "plan", "api"])
    show(`npx plimsoll ${verb}`, await project.verb(verb), (line) => !/^Next:|^The contracts/.test(line));
  const tested = await project.node(join(root, "src/cli/main.ts"), "test", "--floor", "80");
  show("npm test", tested, (line) => /passed|lines/.test(line));
  const { url, token } = await project.start();
  show("npm start", `${url}/docs`);
  const response = await fetch(`${url}/products`, { headers: { authorization: `Bearer ${token}` } });
  show(`curl -H "Authorization: Bearer $TOKEN" ${url}/products`, await response.text());
  writeFileSync(join(root, "docs/from-prd.svg"), drawTerminal("From a document of requirements to a response", typed));
} finally {
  await project.stop();
}
