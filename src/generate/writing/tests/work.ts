// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type AppModel, entityOf, keeperRoles, type ModuleModel, type WorkModel } from "../../model/model.ts";
import { camel, words } from "../../model/names.ts";
import { scheduledOf } from "../background/work.ts";
import { lines, ofDesign, quoted } from "../file.ts";

/** Writes the tests of what a module does in the background: each effect is there, and once. Nothing where it does nothing. */
export function writeWorkTests(module: ModuleModel, app: AppModel): string | undefined {
  if (module.work.length + module.hooks.length === 0) return undefined;
  const contract = camel(module.name);
  const body = [
    ...module.work.filter(({ on }) => on !== undefined).flatMap((work) => reaction(work, { module, contract })),
    ...scheduledOf(module).flatMap((work) => scheduled(work, { module, app })),
    ...module.hooks.flatMap(({ name, path }) => webhook({ name, path, schema: module.schema })),
  ];
  const text = body.join("\n");
  const uses = { make: "await make.", sent: "(sent.filter(", ben: "as({ ...ben," };
  const imports = ["open", ...Object.entries(uses).flatMap(([name, use]) => (text.includes(use) ? [name] : []))];
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    ...(module.hooks.length > 0 ? ['import { createHmac } from "node:crypto";'] : []),
    'import { after, before, it } from "node:test";',
    ...(text.includes(`.call(${contract}.`) ? [`import * as ${contract} from "../src/${module.name}/contract.ts";`] : []),
    ...scheduledOf(module).map(({ name }) => `import { ${camel(name)} } from "../src/${module.name}/tasks/${name}.ts";`),
    ...(app.isTenanted && scheduledOf(module).length > 0
      ? [
          `import { ${scheduledOf(module)
            .map(({ name }) => `${camel(name)}OfTenants`)
            .toSorted()
            .join(", ")} } from "../src/${module.name}/schedules.ts";`,
        ]
      : []),
    ...(module.hooks.length > 0 ? ['import { webhookSecrets } from "../src/webhook-secrets.ts";'] : []),
    `import { ${imports.toSorted().join(", ")} } from "./open.ts";`,
    "",
    "let world: Awaited<ReturnType<typeof open>>;",
    "before(async () => {",
    "  world = await open();",
    "});",
    "after(() => world.close());",
    text,
  );
}

interface Of {
  readonly module: ModuleModel;
  readonly contract: string;
}

function reaction(work: WorkModel, { module, contract }: Of): readonly string[] {
  const operation = module.operations.find(({ name }) => name === work.on)!;
  const id = `${camel(work.entity)}Id`;
  const keeper = operation.roles.find((role) => keeperRoles.test(role));
  const caller = keeper === undefined ? "world.app" : `world.app.as({ ...ben, roles: [${operation.roles.map(quoted).join(", ")}] })`;
  const below = operation.below === undefined ? "" : `${camel(operation.below)}: made.${camel(operation.below)}, `;
  return [
    "",
    `it(${quoted(`${work.name} follows ${operation.name}, once`)}, async () => {`,
    `  const made = await make.${camel(work.entity)}(world.app);`,
    ...(operation.act === "create"
      ? []
      : ["  for (const _ of [1, 2])", `    await ${caller}.call(${contract}.${camel(operation.name)}, { ${below}${id}: made.id });`]),
    "  await world.app.runUntilIdle();",
    `  const done = await world.database.admin("select from ${module.schema}.work_done where work = $1 and subject = $2", [${quoted(work.name)}, made.id]);`,
    "  assert.equal(done.length, 1);",
    ...(work.does === "message"
      ? [`  assert.equal(sent.filter(({ subject, about }) => subject === made.id && about === ${quoted(work.title)}).length, 1);`]
      : []),
    "});",
  ];
}

function scheduled(work: WorkModel, { module, app }: { readonly module: ModuleModel; readonly app: AppModel }): readonly string[] {
  const entity = entityOf(module, work.entity);
  const table = `${module.schema}.${entity.table}`;
  const started = `${module.name}.${work.name}-schedule`;
  const age = Math.round((work.ageMs ?? 0) / 1_000);
  const old = work.does === "change";
  const row = work.verb === "remove" ? "undefined" : quoted(entity.transitions.find(({ verb }) => verb === work.verb)?.to ?? "");
  const checks: Readonly<Record<WorkModel["does"], readonly string[]>> = {
    message: [`  assert.equal(sent.filter(({ subject, about }) => subject === made.id && about === ${quoted(work.title)}).length, 1);`],
    report: [
      `  const [done] = await world.database.admin<{ rows: number }>("select (result->>'rows')::int as rows from ${module.schema}.work_done where work = $1 and subject = $2", [${quoted(work.name)}, at]);`,
      "  assert.ok((done?.rows ?? 0) > 0);",
    ],
    change: [
      `  const rows = await world.database.admin<{ id: string; status?: string }>("select * from ${table}");`,
      `  assert.equal(rows.find(({ id }) => id === made.id)?.${work.verb === "remove" ? "id" : "status"}, ${row});`,
      `  assert.notEqual(rows.find(({ id }) => id === young.id)?.${work.verb === "remove" ? "id" : "status"}, ${row}, "what is younger stays as it is");`,
    ],
  };
  const at = `2026-01-02T0${module.work.indexOf(work) % 10}:00:00.000Z`;
  return [
    "",
    `it(${quoted(`${work.name} is done at its time`)}, async () => {`,
    `  ${work.does === "report" ? "" : "const made = "}await make.${camel(work.entity)}(world.app);`,
    ...(old
      ? [
          `  const young = await make.${camel(work.entity)}(world.app);`,
          `  await world.database.admin("update ${table} set created_at = created_at - make_interval(secs => $1) where id = $2", [${age + 60}, made.id]);`,
        ]
      : []),
    `  const at = ${quoted(at)};`,
    `  assert.ok(world.app.app.tasks.schedules.some(({ name }) => name === ${quoted(started)}));`,
    `  for (const _ of [1, 2]) await world.app.app.tasks.start(${camel(work.name)}, { at }, { ${app.isTenanted ? 'tenant: "one", ' : ""}key: at });`,
    "  await world.app.runUntilIdle();",
    ...checks[work.does],
    "});",
    ...(app.isTenanted ? ofTenants(work, module) : []),
  ];
}

/** By the clock itself: a tenant that has rows gets its work. */
function ofTenants(work: WorkModel, module: ModuleModel): readonly string[] {
  return [
    "",
    `it(${quoted(`${work.name} is done for each tenant that has ${words(work.entity)} rows`)}, async () => {`,
    `  await make.${camel(work.entity)}(world.app);`,
    `  await world.app.app.tasks.start(${camel(work.name)}OfTenants, { at: "2026-02-03T04:05:06.000Z" });`,
    "  await world.app.runUntilIdle();",
    `  const rows = await world.database.admin<{ tenant: string }>("select distinct tenant_id as tenant from ${module.schema}.work_done where work = $1 and (subject = $2 or $3)", [${quoted(work.name)}, "2026-02-03T04:05:06.000Z", ${work.does === "message"}]);`,
    '  assert.deepEqual(rows.map(({ tenant }) => tenant), ["one"]);',
    "});",
  ];
}

function webhook({ name, path, schema }: { readonly name: string; readonly path: string; readonly schema: string }): readonly string[] {
  return [
    "",
    `it(${quoted(`${name} takes a signed message once, and refuses another signature`)}, async () => {`,
    '  const [id, time, body] = [`msg_${Date.now()}`, String(Math.floor(Date.now() / 1_000)), \'{"type":"test"}\'];',
    '  const sign = (text: string) => createHmac("sha256", Buffer.from(webhookSecrets[0]!.slice(6), "base64")).update(`${id}.${time}.${text}`).digest("base64");',
    "  const post = (signature: string) =>",
    "    world.app.app.fetch(",
    `      new Request(${quoted(`http://api${path}`)}, {`,
    '        ...{ method: "POST", body },',
    '        headers: { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` },',
    "      }),",
    "    );",
    "  assert.equal((await post(sign(body))).status, 202);",
    "  assert.equal((await post(sign(body))).status, 202);",
    '  assert.equal((await post(sign("another body"))).status, 403);',
    "  await world.app.runUntilIdle();",
    `  const rows = await world.database.admin("select from ${schema}.received where message = $1", [id]);`,
    "  assert.equal(rows.length, 1);",
    "});",
  ];
}
