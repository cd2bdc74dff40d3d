// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type EntityModel, entityOf, type FieldModel, type ModuleModel, type OperationModel } from "../../model/model.ts";
import { camel } from "../../model/names.ts";
import { idInput, operation, type Subject } from "./subject.ts";

/** Tests what is read, and by whom. */
export function readings(subject: Subject): readonly string[] {
  const { entity, contract, module } = subject;
  const name = camel(entity.key);
  const tests: string[] = [];
  const get = operation(subject, "get");
  if (get !== undefined) {
    const call = `${contract}.${camel(get.name)}`;
    tests.push(
      ...["", 'it("is read as it was made", async () => {', `  const made = await make.${name}(world.app);`],
      ...[`  assert.deepEqual(await world.app.call(${call}, ${idInput(subject, get, "made")}), made);`, "});"],
      ...[
        "",
        `it("${entity.isShared ? "is read by everyone of the tenant" : "is not there for another caller"}", async () => {`,
        `  const made = await make.${name}(world.app);`,
      ],
      entity.isShared
        ? `  assert.deepEqual(await world.app.as(ben).call(${call}, ${idInput(subject, get, "made")}), made);`
        : `  await assert.rejects(world.app.as(ben).call(${call}, ${idInput(subject, get, "made")}), { code: "not_found" });`,
      "});",
    );
  }
  for (const list of module.operations.filter(({ act, entity: key }) => act === "list" && key === entity.key))
    tests.push(...listing(subject, list));
  return tests;
}

function listing({ entity, contract, module }: Subject, list: OperationModel): readonly string[] {
  const name = camel(entity.key);
  const call = `${contract}.${camel(list.name)}`;
  const bound = entity.fields.find(({ column }) => column === list.below);
  const input = bound === undefined ? "{ limit: 100 }" : `{ ${filled(bound, "made")}, limit: 100 }`;
  const isGuarded = bound?.parent !== undefined && !entityOf(module, bound.parent).isShared;
  const other = isGuarded
    ? [`  await assert.rejects(world.app.as(ben).call(${call}, ${input}), { code: "not_found" });`]
    : [
        `  const { items: others } = await world.app.as(ben).call(${call}, ${input});`,
        `  assert.equal(others.some(({ id }) => id === made.id), ${entity.isShared});`,
      ];
  return [
    "",
    `it("is on the list ${entity.isShared ? "of everyone of the tenant" : "of its owner alone"}: ${list.name}", async () => {`,
    `  const made = await make.${name}(world.app);`,
    `  const { items } = await world.app.call(${call}, ${input});`,
    '  assert.equal(items[0]?.id, made.id, "the latest first");',
    ...other,
    "});",
    "",
    `it("is listed page by page: ${list.name}", async () => {`,
    `  const made = await make.${name}(world.app);`,
    `  const second = await ${bound?.parent === undefined ? `make.${name}(world.app)` : `world.app.call(${contract}.${camel(creationOf(module, entity))}, { ...samples.${name}(), ${filled(bound, "made")} })`};`,
    `  const first = await world.app.call(${call}, { ...${bound === undefined ? "{}" : `{ ${filled(bound, "second")} }`}, limit: 1 });`,
    "  assert.equal(first.items[0]?.id, second.id);",
    ...[
      `  const next = await world.app.call(${call}, { ...${bound === undefined ? "{}" : `{ ${filled(bound, "second")} }`}, limit: 1, ...(first.nextCursor !== undefined && { cursor: first.nextCursor }) });`,
      "  assert.equal(next.items[0]?.id, made.id);",
    ],
    "});",
  ];
}

/** The field of a made row, as an input that needs it: samples fill in what a row may go without, too. */
function filled({ name, isOptional }: FieldModel, of: string): string {
  return `${name}: ${of}.${name}${isOptional ? "!" : ""}`;
}

function creationOf(module: ModuleModel, { key }: EntityModel): string {
  return module.operations.find(({ act, entity }) => act === "create" && entity === key)!.name;
}

/** What one tenant has, another does not see, by any read. */
export function tenants(subject: Subject): readonly string[] {
  const { entity, module, app, contract } = subject;
  if (!app.isTenanted) return [];
  const reads = module.operations.filter(({ act, entity: key }) => key === entity.key && (act === "get" || act === "list"));
  const name = camel(entity.key);
  const lists = reads.filter(
    ({ act, below }) => act === "list" && (below === undefined || !entity.fields.find(({ column }) => column === below)?.parent),
  );
  const get = reads.find(({ act }) => act === "get");
  return [
    "",
    'it("does not exist for another tenant", async () => {',
    `  const made = await make.${name}(world.app);`,
    ...(get === undefined
      ? []
      : [
          `  await assert.rejects(world.app.as(eve).call(${contract}.${camel(get.name)}, ${idInput(subject, get, "made")}), { code: "not_found" });`,
        ]),
    ...lists.flatMap((list) => {
      const bound = entity.fields.find(({ column }) => column === list.below);
      return [
        `  assert.deepEqual((await world.app.as(eve).call(${contract}.${camel(list.name)}, ${bound === undefined ? "{}" : `{ ${filled(bound, "made")} }`})).items, []);`,
      ];
    }),
    `  const [row] = await world.database.admin<{ tenant_id: string }>("select tenant_id from ${module.schema}.${entity.table} where id = $1", [made.id]);`,
    '  assert.equal(row?.tenant_id, "one");',
    "});",
  ];
}
