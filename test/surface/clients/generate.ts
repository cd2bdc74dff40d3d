// Writes the types of an OpenAPI document to a file. Run it with: node generate.ts document.json types.ts
import { readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

// openapi-typescript is built on the compiler's own interface, which TypeScript 7 does not have. This package brings that of TypeScript 5, and no second tsc.
const five = import.meta.resolve("@ts-morph/common");
const compiler = "typescript-5:";
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "typescript" && context.parentURL?.includes("/openapi-typescript/")
      ? { url: compiler, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === compiler
      ? { format: "module", source: `import { ts } from ${JSON.stringify(five)}; export default ts;`, shortCircuit: true }
      : next(url, context),
});
const { default: openapiTypescript, astToString } = await import("openapi-typescript");
const [from = "", to = ""] = process.argv.slice(2);
writeFileSync(to, astToString(await openapiTypescript(JSON.parse(readFileSync(from, "utf8")))));
