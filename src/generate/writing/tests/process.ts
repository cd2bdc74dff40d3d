// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { AppModel } from "../../model/model.ts";
import { camel, words } from "../../model/names.ts";
import { lines, ofDesign, quoted } from "../file.ts";
import { firstCreation } from "./strain.ts";

/** Writes the crash test: the process ends at every boundary of a creation, and what was promised is there. */
export function writeCrashTest(app: AppModel): string | undefined {
  const found = firstCreation(app);
  if (found === undefined) return undefined;
  const { module, entity, call } = found;
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    'import { createApp } from "plimsoll";',
    'import { crashTest } from "plimsoll/testing";',
    `import * as ${camel(module.name)} from "../src/${module.name}/contract.ts";`,
    'import { modules } from "../src/modules.ts";',
    'import { samples } from "../src/samples.ts";',
    'import { ada } from "./open.ts";',
    "",
    `test("after a crash, each ${words(entity.key)} that was promised is there once", async (t) => {`,
    "  const report = await crashTest(",
    '    ({ database, clock }) => createApp({ modules, database, clock, tenancy: { description: "of the actor", tenantOf: ({ tenant }) => tenant } }),',
    "    {",
    "      async scenario({ call }) {",
    `        await call(${call}, samples.${camel(entity.key)}(), { actor: ada });`,
    "      },",
    "      async invariants({ database, ledger }) {",
    `        const kept = await database.admin<{ id: string }>("select id from ${module.schema}.${entity.table}");`,
    `        assert.deepEqual(kept, ledger.of(${call}).map(({ output }) => ({ id: output.id })));`,
    "      },",
    "      most: 6,",
    "    },",
    "  );",
    "  t.diagnostic(report.summary);",
    "});",
  );
}

/** Writes the test that the whole service starts and serves over HTTP. */
export function writeServiceTest(app: AppModel): string {
  const list = app.modules
    .flatMap(({ operations }) => operations)
    .find(({ act, route }) => act === "list" && route !== undefined && !route.path.includes("{"));
  const { isTenanted, roles } = app;
  const token = `await jwtIssuer({ key: { algorithm: "HS256", secret }, ...names, ttl: "1h" }).sign({ subject: "ada", ${isTenanted ? 'tenant: "one", ' : ""}roles: [${roles.map(quoted).join(", ")}] })`;
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { test } from "node:test";',
    list === undefined ? undefined : 'import { jwtIssuer } from "plimsoll/auth";',
    'import { testDatabase } from "plimsoll/testing";',
    'import { modules } from "../src/modules.ts";',
    'import { seed } from "../src/seed.ts";',
    `import { createService${list === undefined ? "" : ", names"} } from "../src/service.ts";`,
    'import { patient } from "./open.ts";',
    "",
    'test("the service starts, fills in its rows twice as once, and serves", async () => {',
    '  const secret = "a secret of at least 32 characters";',
    "  await using database = await testDatabase({ modules });",
    "  const app = createService({ secret, database, clock: patient, port: 0, opsPort: 0, telemetry: [] });",
    "  await app.start({ keepsProcess: false });",
    "  try {",
    "    await seed(app);",
    "    await seed(app);",
    ...(list === undefined
      ? []
      : [
          `    const { token } = ${token};`,
          `    const url = \`\${app.urls.surfaces[0]}${list.route!.path}\`;`,
          "    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });",
          "    assert.equal(response.status, 200, await response.clone().text());",
          "    assert.equal((await fetch(url)).status, 401);",
        ]),
    "  } finally {",
    "    await app.stop();",
    "  }",
    "});",
  );
}
