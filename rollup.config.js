// One file for each entry of package.json, and what entries share: 160 small modules take Node 45 ms longer to load.
// All files lie side by side, so that what the code finds beside itself (migrations, the thread of `cpu`) has one place.
import { stripTypeScriptTypes } from "node:module";
import manifest from "./package.json" with { type: "json" };

const entries = Object.values(manifest.exports).filter((entry) => typeof entry === "object");

export default {
  input: {
    ...Object.fromEntries(entries.map(({ source, default: built }) => [built.slice("./dist/".length, -".js".length), source])),
    plimsoll: "./src/cli/main.ts",
    "cpu/thread": "./src/core/cpu/thread.ts",
  },
  // What it depends on is installed beside it, not copied into it.
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  // Types leave blanks where they stood, so that every position stays what it is in the source.
  plugins: [{ name: "strip-types", transform: (code) => ({ code: stripTypeScriptTypes(code), map: null }) }],
  output: { dir: "dist", format: "esm", chunkFileNames: "[name]-[hash].js", sourcemap: true, hoistTransitiveImports: false },
};
