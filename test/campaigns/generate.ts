// PRDs taken the whole way, in fresh folders: node --conditions=source test/campaigns/generate.ts
// design --assume, api, tsc, test with its coverage floor, check, db lint, start, one request. It prints a line for each step, and ends with 1 where one fails.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Project, root } from "../generate/project.ts";

const documents = [
  { name: "marketplace", list: "/products" },
  { name: "payments", list: "/payments" },
  { name: "telemetry", list: "/api/v1/devices" },
  { name: "clinic", list: "/appointments" },
] as const;

for (const { name, list } of documents) {
  const project = new Project(readFileSync(join(root, `test/generate/prds/${name}.md`), "utf8"));
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    console.log(`${name}: ${what}: ${Math.round(performance.now() - start)} ms`);
    return result;
  };
  try {
    await step("design", () => project.verb("design --assume"));
    await step("api", () => project.verb("api"));
    await step("types", () => project.node(join(root, "node_modules/typescript/bin/tsc"), "--customConditions", "source"));
    console.log(await step("tests", () => project.node(join(root, "src/cli/main.ts"), "test", "--floor", "80")));
    await step("check", () => project.verb("check"));
    await step("db lint", () => project.verb("db lint"));
    await step("db indexes", () => project.verb("db indexes"));
    const { url, token } = await step("start", () => project.start());
    const response = await step("request", () => fetch(`${url}${list}`, { headers: { authorization: `Bearer ${token}` } }));
    const text = await response.text();
    if (response.status !== 200 || !text.includes('"items":[{')) throw new Error(`${name}: ${list} returned ${response.status}: ${text}`);
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof Error ? error.message : error);
  } finally {
    await project.stop();
  }
}
