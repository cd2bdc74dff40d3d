// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { FieldModel } from "../../model/model.ts";
import { camel, kebab } from "../../model/names.ts";
import { quoted } from "../file.ts";
import { rowOf } from "../forms.ts";
import { inputOf, operation, type Subject } from "./subject.ts";

/** Tests that creations are validated, and done once for a key. */
export function creation(subject: Subject): readonly string[] {
  const { entity, contract, module } = subject;
  const create = `${contract}.${camel(operation(subject, "create")!.name)}`;
  const wrong = entity.fields.filter(({ parent }) => parent === undefined);
  const missing = entity.fields.filter(({ isOptional, parent }) => !isOptional && parent === undefined);
  const cases = [
    ...wrong.map((field) => `["${field.name} is wrong", { ${field.name}: ${rowOf(field).wrong} }],`),
    ...missing.map(({ name }) => `["${name} is missing", { ${name}: undefined }],`),
  ];
  return [
    'it("is made once, however often it is sent", async () => {',
    `  const input = ${inputOf(subject)};`,
    `  const first = await world.app.call(${create}, input, { key: "once-${kebab(entity.key)}" });`,
    `  assert.deepEqual(await world.app.call(${create}, input, { key: "once-${kebab(entity.key)}" }), first);`,
    `  const rows = await world.database.admin("select from ${module.schema}.${entity.table} where id = $1", [first.id]);`,
    "  assert.equal(rows.length, 1);",
    "});",
    "",
    "const refused: readonly (readonly [string, object])[] = [",
    ...cases.map((line) => `  ${line}`),
    "];",
    "for (const [name, wrong] of refused)",
    "  it(`is refused where ${name}`, async () => {",
    `    const input = ${inputOf(subject)};`,
    `    await assert.rejects(world.app.call(${create}, { ...input, ...wrong } as typeof input), { code: "invalid_argument" });`,
    "  });",
    ...entity.uniques.flatMap((columns) => once(columns, subject)),
  ];
}

/** Tests that what may be there once is refused a second time, and that a similar one is not. */
function once(columns: readonly string[], subject: Subject): readonly string[] {
  const { entity, contract } = subject;
  const create = `${contract}.${camel(operation(subject, "create")!.name)}`;
  const names = entity.fields.filter(({ column }) => columns.includes(column)).map(({ name }) => name);
  return [
    "",
    `it("is there once by ${columns.join(", ")}", async () => {`,
    `  const first = ${inputOf(subject)};`,
    `  await world.app.call(${create}, first);`,
    `  const again = { ...${inputOf(subject)}, ${names.map((name) => `${name}: first.${name}`).join(", ")} };`,
    `  await assert.rejects(world.app.call(${create}, again), { code: "already_exists" });`,
    "});",
  ];
}

/** Tests that any valid input is kept as it was given. */
export function property(subject: Subject): readonly string[] {
  const { entity, contract } = subject;
  const create = `${contract}.${camel(operation(subject, "create")!.name)}`;
  const parents = entity.fields.filter(({ parent }) => parent !== undefined);
  return [
    "",
    'it("keeps any valid input as it was given", async () => {',
    ...parents.map((field) => `  const ${field.name} = (await make.${camel(field.parent!)}(world.app)).id;`),
    "  await fc.assert(",
    `    fc.asyncProperty(inputs.${camel(entity.key)}, async (given) => {`,
    ...(parents.length === 0
      ? ["      const input = { ...given };"]
      : [`      const input = { ...given, ${parents.map(({ name }) => name).join(", ")} };`]),
    `      const { id: _, createdAt: _c, updatedAt: _u, ${entity.statuses.length > 0 ? "status: _s, " : ""}...kept } = await world.app.call(${create}, input);`,
    "      assert.deepEqual(kept, input);",
    "    }),",
    "    { numRuns: 20 },",
    "  );",
    "});",
  ];
}

/** A wrong value that the database must refuse, whatever the code does. */
export function invariants({ entity, module }: Subject): readonly string[] {
  const isNumber = ({ form, bounds }: FieldModel): boolean =>
    form === "money" || form === "count" || (form.endsWith("integer") && (bounds?.least ?? -1) >= 0);
  const tests = entity.fields.filter((field) => isNumber(field) && field.parent === undefined);
  if (tests.length === 0) return [];
  const name = camel(entity.key);
  return [
    "",
    `for (const column of [${tests.map(({ column }) => quoted(column)).join(", ")}])`,
    "  it(`has no ${column} below zero, whatever the code does`, async () => {",
    `    const { id } = await make.${name}(world.app);`,
    `    const update = \`update ${module.schema}.${entity.table} set \${column} = -1 where id = $1\`;`,
    '    await assert.rejects(world.database.admin(update, [id]), { code: "failed_precondition" });',
    "  });",
  ];
}
