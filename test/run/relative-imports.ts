// Loaded first into every process of the tests: a third of what it costs to import the sources is asking the file system about each import of "./other.ts",
// whose place and format its text says. A file that is missing is an error all the same, when it is read.
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith(".") && specifier.endsWith(".ts") && context.parentURL?.startsWith("file:")
      ? { url: new URL(specifier, context.parentURL).href, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});
