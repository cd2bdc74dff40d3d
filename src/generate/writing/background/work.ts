// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type EntityModel, entityOf, type ModuleModel, type WorkModel } from "../../model/model.ts";
import { camel, kebab, plural, words } from "../../model/names.ts";
import { lines, ofDesign, quoted } from "../file.ts";
import { emittingOf, eventOf, statusFunction } from "../names.ts";

/** Writes the events of a module. */
export function writeEvents(module: ModuleModel): string {
  return lines(
    ofDesign(),
    'import { event } from "plimsoll";',
    'import { z } from "zod";',
    ...emittingOf(module).flatMap((operation) => {
      const id = `${camel(operation.entity)}Id`;
      return [
        "",
        `export const ${eventOf(operation)} = event("${module.name}.${kebab(eventOf(operation).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))}", {`,
        `  summary: ${quoted(`What ${operation.name} did`)},`,
        `  data: z.object({ ${id}: z.uuid(), ownerId: z.string() }),`,
        `  key: ({ ${id} }) => ${id},`,
        "});",
      ];
    }),
  );
}

/** Work of a clock. */
export type Scheduled = WorkModel & { readonly cron: string };

/** Those of a module. */
export function scheduledOf({ work }: ModuleModel): readonly Scheduled[] {
  return work.filter((one): one is Scheduled => one.cron !== undefined);
}

/** Writes what follows an event. It belongs to a person from then on. */
export function writeReaction(work: WorkModel, module: ModuleModel): string {
  const operation = module.operations.find(({ name }) => name === work.on)!;
  const id = `${camel(work.entity)}Id`;
  const isMessage = work.does === "message";
  const done = doneBy(work, module, id);
  return lines(
    'import { exponential, subscription } from "plimsoll";',
    isMessage ? 'import { messenger } from "../../messenger.ts";' : undefined,
    `import { ${eventOf(operation)} } from "../events.ts";`,
    "",
    commentOf(work),
    `export const ${camel(work.name)} = subscription("${module.name}.${work.name}", {`,
    `  on: [${eventOf(operation)}],`,
    '  budget: "30s",',
    '  retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) },',
    ...(isMessage
      ? [
          "  uses: { messenger },",
          `  async run({ ${id}, ownerId }, { messenger, key, commit }) {`,
          "    // It may run again after a crash. The key is the same for every attempt.",
          `    await messenger.send({ to: ownerId, about: ${quoted(work.title)}, subject: ${id}, key });`,
        ]
      : [`  async run({ ${id} }, { commit }) {`]),
    "    // What is ours happens exactly once.",
    "    await commit(({ sql }) => sql`",
    ...done.map((line) => `      ${line}`),
    "      on conflict do nothing`.run());",
    "  },",
    "});",
  );
}

/** The statement that records that work about one thing is done: with the thing itself where it is a report. */
function doneBy({ name, does, entity }: WorkModel, module: ModuleModel, id: string): readonly string[] {
  const { table } = entityOf(module, entity);
  const to = `insert into ${module.schema}.work_done (work, subject, result)`;
  return does === "message"
    ? [to, `values ('${name}', \${${id}}, '{}')`]
    : [to, `select '${name}', \${${id}}, to_jsonb(one) from ${module.schema}.${table} as one where id = \${${id}}`];
}

function commentOf({ from }: WorkModel): string {
  return `/** ${from.replaceAll("*/", "* /").replaceAll(/\s+/g, " ")} */`;
}

/** Writes a task that the clock starts. It belongs to a person from then on. */
export function writeTask(work: Scheduled, module: ModuleModel): string {
  return { message: messageTask, change: changeTask, report: reportTask }[work.does](work, module);
}

const taskHead = (work: Scheduled, module: ModuleModel): readonly string[] => [
  commentOf(work),
  `export const ${camel(work.name)} = task("${module.name}.${work.name}", {`,
  "  input: z.object({ at: z.iso.datetime() }),",
  '  budget: "5m",',
];

function reportTask(work: Scheduled, module: ModuleModel): string {
  const { table, fields, statuses } = entityOf(module, work.entity);
  const sums = fields
    .flatMap(({ column, form }) => (form === "money" || form === "count" ? [`, '${column}', coalesce(sum(${column}), 0)`] : []))
    .join("");
  const byStatus = statuses
    .map((status) => `, '${status.replaceAll("'", "''")}', count(*) filter (where status = '${status.replaceAll("'", "''")}')`)
    .join("");
  return lines(
    'import { task } from "plimsoll";',
    'import { z } from "zod";',
    "",
    ...taskHead(work, module),
    "  // The report and the end of the task are one transaction.",
    "  run: ({ at }, { commit }) => commit(({ sql }) => sql`",
    `    insert into ${module.schema}.work_done (work, subject, result)`,
    `    select '${work.name}', \${at}, jsonb_build_object('rows', count(*)${sums}${byStatus})`,
    `    from ${module.schema}.${table}`,
    "    on conflict do nothing`.run()),",
    "});",
  );
}

function changeTask(work: Scheduled, module: ModuleModel): string {
  const { key, table } = entityOf(module, work.entity);
  const at = `${module.schema}.${table}`;
  const isRemoval = work.verb === "remove";
  const rule = statusFunction({ verb: work.verb!, key });
  const { to, from } = entityOf(module, work.entity).transitions.find(({ verb }) => verb === work.verb) ?? { to: "", from: [] };
  const seconds = Math.round(work.ageMs! / 1_000);
  return lines(
    'import { task } from "plimsoll";',
    'import { z } from "zod";',
    isRemoval ? undefined : `import { ${rule} } from "../domain/${kebab(work.verb!)}-${kebab(key)}.ts";`,
    "",
    ...(isRemoval
      ? []
      : [
          `/** The statuses in which the domain lets it happen. */`,
          `const from = [${from.map(quoted).join(", ")}].filter((status) => ${rule}(status) === ${quoted(to)});`,
          "",
        ]),
    `/** How old a ${words(key)} is by then. */`,
    `const seconds = ${seconds.toLocaleString("en").replaceAll(",", "_")};`,
    "",
    ...taskHead(work, module),
    "  run: ({ at }, { commit }) => commit(async ({ sql }) => {",
    ...(isRemoval
      ? [`    const changed = await sql\`delete from ${at} where created_at < plimsoll.now() - make_interval(secs => \${seconds})\`.run();`]
      : [
          "    const changed = await sql`",
          `      update ${at} set status = \${${quoted(to)}}, updated_at = plimsoll.now()`,
          "      where status = any(${from}) and created_at < plimsoll.now() - make_interval(secs => ${seconds})`.run();",
        ]),
    `    await sql\`insert into ${module.schema}.work_done (work, subject, result) values ('${work.name}', \${at}, \${json({ changed })}) on conflict do nothing\`.run();`,
    "  }),",
    "});",
  ).replace("import { task }", "import { json, task }");
}

function messageTask(work: Scheduled, module: ModuleModel): string {
  const { table } = entityOf(module, work.entity);
  const name = camel(work.name);
  return lines(
    'import { exponential, task } from "plimsoll";',
    'import { z } from "zod";',
    'import { messenger } from "../../messenger.ts";',
    "",
    "/** Of one: a message that fails is tried again alone. */",
    `export const ${name}ToOne = task("${module.name}.${work.name}-to-one", {`,
    "  input: z.object({ subject: z.uuid(), to: z.string() }),",
    '  budget: "30s",',
    '  retry: { attempts: 10, backoff: exponential("1s", { max: "15m" }) },',
    "  uses: { messenger },",
    "  async run({ subject, to }, { messenger, key, commit }) {",
    `    await messenger.send({ to, about: ${quoted(work.title)}, subject, key });`,
    "    await commit(({ sql }) => sql`",
    `      insert into ${module.schema}.work_done (work, subject, result) values ('${work.name}', \${key}, jsonb_build_object('id', \${subject}::text)) on conflict do nothing\`.run());`,
    "  },",
    "});",
    "",
    ...taskHead(work, module),
    "  // As many as one transaction starts: the latest thousand.",
    "  run: ({ at }, { commit }) => commit(async ({ sql, start }) => {",
    `    const all = await sql<{ id: string; owner: string }>\`select id, owner_id as owner from ${module.schema}.${table} order by id desc limit 1000\`.many();`,
    `    await Promise.all(all.map(({ id, owner }) => start(${name}ToOne, { subject: id, to: owner }, { key: \`\${at}/\${id}\` })));`,
    "  }),",
    "});",
  );
}

/** Writes the schedules of a module. Where there are tenants, each has a task of its own. */
export function writeSchedules(module: ModuleModel, isTenanted: boolean): string {
  const all = scheduledOf(module);
  return lines(
    ofDesign(),
    `import { ${isTenanted ? "query, schedule, signedIn, task" : "schedule"} } from "plimsoll";`,
    ...(isTenanted ? ['import { z } from "zod";', 'import { read } from "../budget.ts";'] : []),
    ...all.map(({ name }) => `import { ${camel(name)} } from "./tasks/${name}.ts";`),
    ...(isTenanted ? listedEntities(module).flatMap((entity) => tenantsQuery(module, entity)) : []),
    ...all.flatMap((work) => ["", ...scheduleOf(work, module, isTenanted)]),
  );
}

/** The entities of whose tenants the clock needs a list. */
function listedEntities(module: ModuleModel): readonly EntityModel[] {
  return [...new Set(scheduledOf(module).map(({ entity }) => entity))].map((key) => entityOf(module, key));
}

const listName = (key: string): string => camel(`list_tenants_of_${plural(key)}`);

/** The queries by which schedules know the tenants. */
export function tenantQueries(module: ModuleModel): readonly string[] {
  return listedEntities(module).map(({ key }) => listName(key));
}

function tenantsQuery({ name, schema }: ModuleModel, { key, table }: EntityModel): readonly string[] {
  return [
    "",
    `/** Internal: the tenants that have ${words(plural(key))}. */`,
    `export const ${listName(key)} = query("${name}.list-tenants-of-${kebab(plural(key))}", {`,
    `  summary: "List the tenants that have ${words(plural(key))}, for work that each needs",`,
    "  input: z.object({}),",
    "  output: z.object({ tenants: z.array(z.string()) }),",
    "  access: signedIn(),",
    "  budget: read,",
    "  run: async (_, { sql }) => {",
    `    const rows = await sql<{ tenant: string }>\`select tenant from ${schema}.tenants_of_${table}() as tenant\`.many();`,
    "    return { tenants: rows.map(({ tenant }) => tenant) };",
    "  },",
    "});",
  ];
}

function scheduleOf(work: Scheduled, module: ModuleModel, isTenanted: boolean): readonly string[] {
  const name = camel(work.name);
  const started = isTenanted ? `${name}OfTenants` : name;
  return [
    ...(isTenanted
      ? [
          `/** Starts the work of each tenant. */`,
          `export const ${started} = task("${module.name}.${work.name}-of-tenants", {`,
          "  input: z.object({ at: z.iso.datetime() }),",
          '  budget: "5m",',
          "  async run({ at }, { call, start }) {",
          `    const { tenants } = await call(${listName(work.entity)}, {});`,
          `    await Promise.all(tenants.map((tenant) => start(${name}, { at }, { tenant, key: \`\${at}/\${encodeURIComponent(tenant)}\` })));`,
          "  },",
          "});",
          "",
        ]
      : []),
    commentOf(work),
    `export const ${name}Schedule = schedule("${module.name}.${work.name}-schedule", {`,
    `  cron: ${quoted(work.cron)},`,
    `  task: ${started},`,
    "  input: (occurrence) => ({ at: occurrence.toISOString() }),",
    '  missed: "once",',
    "});",
  ];
}

/** What the database of a module needs for its work, by a name that records keep. */
export function workObjects(module: ModuleModel, isTenanted: boolean): ReadonlyMap<string, string> {
  const { schema } = module;
  const objects = new Map<string, string>();
  if (module.work.length > 0) objects.set(`${schema}.work_done`, doneTable(schema, isTenanted));
  if (isTenanted)
    for (const { table } of listedEntities(module)) objects.set(`${schema}.tenants_of_${table}()`, tenantsFunction(schema, table));
  if (module.hooks.length > 0) objects.set(`${schema}.received`, receivedTable(schema));
  return objects;
}

function doneTable(schema: string, isTenanted: boolean): string {
  return lines(
    "-- What was done in the background, each once.",
    `create table ${schema}.work_done (`,
    ...(isTenanted ? ["  tenant_id text,"] : []),
    "  work text not null,",
    "  subject text not null,",
    "  result jsonb not null,",
    "  done_at timestamptz not null default plimsoll.now(),",
    `  primary key (${isTenanted ? "tenant_id, " : ""}work, subject)`,
    ");",
    ...(isTenanted ? [`select plimsoll.tenant_table('${schema}.work_done');`] : []),
  );
}

function receivedTable(schema: string): string {
  return lines(
    "-- Messages of other services, each once.",
    `create table ${schema}.received (`,
    "  webhook text not null,",
    "  message text not null,",
    "  data jsonb not null,",
    "  received_at timestamptz not null default plimsoll.now(),",
    "  primary key (webhook, message)",
    ");",
  );
}

/** It runs as the owner and returns names of tenants alone, by one step of an index for each. */
function tenantsFunction(schema: string, table: string): string {
  const at = `${schema}.${table}`;
  return lines(
    `create function ${schema}.tenants_of_${table}() returns setof text`,
    "language sql stable security definer set search_path = '' as $$",
    "  with recursive found as (",
    `    (select tenant_id from ${at} order by tenant_id limit 1)`,
    "    union all",
    `    select (select tenant_id from ${at} where tenant_id > found.tenant_id order by tenant_id limit 1) from found where found.tenant_id is not null`,
    "  )",
    "  select tenant_id from found where tenant_id is not null",
    "$$;",
    `comment on function ${schema}.tenants_of_${table}() is 'all tenants: it returns their names alone, for work by the clock that each needs';`,
  );
}
