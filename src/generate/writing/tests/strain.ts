// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type AppModel, type EntityModel, entityOf, type ModuleModel } from "../../model/model.ts";
import { camel, words } from "../../model/names.ts";
import { lines, ofDesign, quoted } from "../file.ts";

/** The first creation that needs no other row, which the tests of a whole process call. */
export interface FirstCreation {
  readonly module: ModuleModel;
  readonly entity: EntityModel;
  /** As in `orders.createOrder`. */
  readonly call: string;
}

/** Finds the first creation that needs no other row. */
export function firstCreation(app: AppModel): FirstCreation | undefined {
  return app.modules
    .flatMap((module) =>
      module.operations.map((one) => ({
        one,
        module,
        entity: entityOf(module, one.entity),
        call: `${camel(module.name)}.${camel(one.name)}`,
      })),
    )
    .find(({ one, entity }) => one.act === "create" && entity.fields.every(({ parent }) => parent === undefined));
}

const imports = ({ module }: FirstCreation): readonly string[] => [
  `import * as ${camel(module.name)} from "../src/${module.name}/contract.ts";`,
  'import { modules } from "../src/modules.ts";',
  'import { samples } from "../src/samples.ts";',
];
const counted = ({ module, entity }: FirstCreation): string =>
  `await database.admin<{ count: number }>("select count(*)::int as count from ${module.schema}.${entity.table}")`;

/** Writes the chaos test: the connection to PostgreSQL is lost around a commit, and what was asked for is there once. */
export function writeChaosTest(app: AppModel): string | undefined {
  const first = firstCreation(app);
  if (first === undefined) return undefined;
  const { entity, call } = first;
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    'import { postgres } from "plimsoll/postgres";',
    'import { FaultProxy, testApp, testDatabase } from "plimsoll/testing";',
    ...imports(first),
    'import { ada, patient } from "./open.ts";',
    "",
    'for (const effect of ["cut-before", "cut-after"] as const)',
    `  test(\`the connection is lost around the commit (\${effect}), and the ${words(entity.key)} is there once\`, async () => {`,
    "    await using database = await testDatabase({ modules });",
    "    const { hostname, port } = new URL(database.url);",
    "    const proxy = new FaultProxy({ host: hostname, port: Number(port) });",
    "    await proxy.start();",
    "    const app = await testApp({ modules, database: postgres({ url: proxy.through(database.url) }), actor: ada, clock: patient });",
    "    try {",
    `      const input = samples.${camel(entity.key)}();`,
    '      proxy.next({ containing: "commit", effect });',
    `      const made = await app.call(${call}, input, { key: effect });`,
    `      assert.deepEqual(await app.call(${call}, input, { key: effect }), made);`,
    `      assert.deepEqual(${counted(first)}, [{ count: 1 }]);`,
    "    } finally {",
    "      await app.stop();",
    "      await proxy.stop();",
    "    }",
    "  });",
  );
}

/** Writes the load test: more calls at once than the budget holds. It counts and measures no time, so that any machine can run it. */
export function writeLoadTest(app: AppModel): string | undefined {
  const first = firstCreation(app);
  if (first === undefined) return undefined;
  const { entity, call, module } = first;
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    `import * as ${camel(module.name)} from "../src/${module.name}/contract.ts";`,
    'import { write } from "../src/budget.ts";',
    'import { samples } from "../src/samples.ts";',
    'import { open } from "./open.ts";',
    "",
    `test("beyond its budget it refuses, and every ${words(entity.key)} that it promised is there", async () => {`,
    "  const { app, database, close } = await open();",
    "  try {",
    "    const held = write.concurrency + write.queue;",
    "    const calls = Array.from({ length: held + 20 }, () =>",
    `      app.call(${call}, samples.${camel(entity.key)}()).then(() => "made", (fault: { readonly code: string }) => fault.code),`,
    "    );",
    "    const outcomes = await Promise.all(calls);",
    '    const made = outcomes.filter((one) => one === "made").length;',
    '    const refused = outcomes.filter((one) => one === "unavailable").length;',
    "    assert.equal(made + refused, outcomes.length, outcomes.join());",
    "    assert.ok(made >= write.concurrency && refused >= 20, `${made} made, ${refused} refused`);",
    `    assert.deepEqual(${counted(first)}, [{ count: made }]);`,
    "  } finally {",
    "    await close();",
    "  }",
    "});",
  );
}

/** Writes the security test: no route serves a caller without a credential, or with one that others signed or that has expired. */
export function writeSecurityTest(app: AppModel): string | undefined {
  const routes = app.modules.flatMap(({ operations }) => operations.flatMap(({ route }) => route ?? []));
  if (routes.length === 0) return undefined;
  const id = "00000000-0000-4000-8000-000000000000";
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { after, before, describe, it } from "node:test";',
    'import type { App } from "plimsoll";',
    'import { jwtIssuer } from "plimsoll/auth";',
    'import { type TestDatabase, testDatabase } from "plimsoll/testing";',
    'import { modules } from "../src/modules.ts";',
    'import { createService, names } from "../src/service.ts";',
    'import { patient } from "./open.ts";',
    "",
    'const secret = "a secret of at least 32 characters";',
    "const routes: readonly (readonly [method: string, path: string])[] = [",
    ...routes.map(({ method, path }) => `  [${quoted(method)}, ${quoted(path.replaceAll(/\{[^}]*\}/g, id))}],`),
    "];",
    'const foreign = jwtIssuer({ key: { algorithm: "HS256", secret: "another one of at least 32 chars" }, ...names, ttl: "1h" });',
    'const misled = jwtIssuer({ key: { algorithm: "HS256", secret }, ...names, audience: "another service", ttl: "1h" });',
    "let database: TestDatabase;",
    "let app: App;",
    "before(async () => {",
    "  database = await testDatabase({ modules });",
    "  app = createService({ secret, database, clock: patient, port: 0, opsPort: 0, telemetry: [] });",
    "  await app.start({ keepsProcess: false });",
    "});",
    "after(async () => {",
    "  await app.stop();",
    "  await database.drop();",
    "});",
    "",
    "const credentials: readonly (readonly [name: string, headers: () => Promise<Record<string, string>>])[] = [",
    '  ["no credential", async () => ({})],',
    '  ["a credential that others signed", async () => bearer((await foreign.sign({ subject: "ada" })).token)],',
    '  ["a credential for another service", async () => bearer((await misled.sign({ subject: "ada" })).token)],',
    '  ["a credential that is none", async () => bearer("e30.e30.")],',
    "];",
    "for (const [name, headers] of credentials)",
    "  describe(name, () => {",
    "    for (const [method, path] of routes)",
    "      it(`${method} ${path} refuses it`, async () => {",
    "        const response = await fetch(`${app.urls.surfaces[0]}${path}`, { method, headers: await headers() });",
    "        assert.equal(response.status, 401, await response.text());",
    "      });",
    "  });",
    "",
    "function bearer(token: string): Record<string, string> {",
    "  return { authorization: `Bearer ${token}` };",
    "}",
  );
}
