// One file for each entry of package.json, and what entries share: 160 small modules take Node 45 ms longer to load.
// All files lie side by side, so that what the code finds beside itself (migrations, the thread of `cpu`) has one place.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import manifest from "./package.json" with { type: "json" };
import { builtList } from "./src/postgres/migrate/built.ts";
import { describeOwn } from "./src/postgres/migration-files.ts";

const entries = Object.values(manifest.exports).filter((entry) => typeof entry === "object");

/** What the command is built with, and applications do not install: it is copied into dist, with its licenses. */
const bundled = ["mdast-util-from-markdown", "mdast-util-gfm", "micromark-extension-gfm", "yaml"];
/** Packages whose entry for Node.js is no ES module, and where they have the same as one. */
const modules = { yaml: "browser/index.js" };
const inPackages = (path) => path?.includes("/node_modules/") ?? false;
const isCopied = (id, importer) => bundled.includes(id) || (inPackages(importer) && !id.startsWith("node:"));

function placeOf(id, importer) {
  const { resolve } = createRequire(importer);
  return modules[id] === undefined ? resolve(id) : join(dirname(resolve(`${id}/package.json`)), modules[id]);
}

const copyPackages = {
  name: "copy-packages",
  resolveId: (id, importer) => (isCopied(id, importer) ? placeOf(id, importer) : null),
  generateBundle() {
    const folders = new Set(
      [...this.getModuleIds()].filter(inPackages).map((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)[1]),
    );
    const texts = [...folders].sort().map((folder) => {
      const license = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return `${name} ${version}\n\n${license === undefined ? "" : readFileSync(join(folder, license), "utf8")}`;
    });
    if (texts.length > 0) this.emitFile({ type: "asset", fileName: "THIRD-PARTY-LICENSES.txt", source: texts.join("\n---\n\n") });
  },
};

/** Those that a server has nearly always. What only they have, and what more than one of them shares, is loaded together. */
const server = ["http", "auth", "postgres", "telemetry"];

function reachableFrom(entry, { getModuleInfo }) {
  const reached = new Set();
  const visit = (id) => {
    if (reached.has(id)) return;
    reached.add(id);
    for (const imported of getModuleInfo(id)?.importedIds ?? []) visit(imported);
  };
  visit(join(import.meta.dirname, "src", entry, "index.ts"));
  return reached;
}

let reach;

/** One file for what every server loads: finding and reading 70 files more takes a sixth of a start. A client in a page keeps its own small ones. */
function chunkOf(id, graph) {
  reach ??= {
    client: reachableFrom("client", graph),
    main: reachableFrom(".", graph),
    server: server.map((entry) => reachableFrom(entry, graph)),
  };
  if (reach.client.has(id)) return undefined;
  return reach.main.has(id) || reach.server.filter((reached) => reached.has(id)).length > 1 ? "core" : undefined;
}

/** The blanks of types are as many bytes as what stood there, and so are not all plain blanks. */
const stripTypes = {
  name: "strip-types",
  transform: (code) => ({ code: stripTypeScriptTypes(code).replaceAll(/[\u00a0\u2002]/g, " "), map: null }),
};

/** Where one character of a file is beyond ASCII, Node.js decodes all of it to twice the memory, and is slower to read it. */
const plainText = {
  name: "plain-text",
  renderChunk: (code) => ({
    code: code.replaceAll(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
    map: null,
  }),
};

/** Node.js makes a module of all that a module of its own exports, and loads much for it that is not used, where it is imported. */
const plainBuiltins = {
  name: "plain-builtins",
  renderChunk: (code) => ({
    code: code.replaceAll(/^import (?:\{([^}]*)\}|(?:\* as )?(\w+)) from '(node:[\w/]+)';$/gm, (_, names, whole, module) => {
      return `const ${names === undefined ? whole : `{${names.replaceAll(" as ", ": ")}}`} = process.getBuiltinModule("${module}");`;
    }),
    map: null,
  }),
};

/** So that a start need not read the files to know what they are. */
const listMigrations = {
  name: "list-migrations",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: builtList, source: JSON.stringify(describeOwn()) });
  },
};

export default {
  input: {
    ...Object.fromEntries(entries.map(({ source, default: built }) => [built.slice("./dist/".length, -".js".length), source])),
    plimsoll: "./src/cli/main.ts",
    "cpu/thread": "./src/core/cpu/thread.ts",
  },
  // What it depends on is installed beside it, not copied into it.
  external: (id, importer) => !id.startsWith(".") && !id.startsWith("/") && !isCopied(id, importer),
  // Types leave blanks where they stood, so that every position stays what it is in the source.
  plugins: [copyPackages, listMigrations, stripTypes, plainText, plainBuiltins],
  output: {
    dir: "dist",
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    manualChunks: chunkOf,
    sourcemap: true,
    hoistTransitiveImports: false,
  },
};
