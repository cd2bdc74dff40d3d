// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type FieldModel, keeperRoles } from "../../model/model.ts";
import { camel } from "../../model/names.ts";
import { quoted } from "../file.ts";
import { statusFunction } from "../names.ts";
import { idInput, inputOf, operation, type Subject } from "./subject.ts";

/** Tests changes and removals, and who does them. */
export function changes(subject: Subject): readonly string[] {
  const { entity, contract, module } = subject;
  const name = camel(entity.key);
  const tests: string[] = [];
  for (const update of module.operations.filter(({ act, entity: key }) => act === "update" && key === entity.key)) {
    const call = `${contract}.${camel(update.name)}`;
    const isWhole = update.route?.method === "PUT" && update.below === undefined;
    const field = entity.fields.find(({ parent, column }) => parent === undefined && column !== update.below);
    const rest = isWhole ? "...input, " : field === undefined ? "" : `${field.name}: samples.${name}().${field.name}, `;
    const change = `{ ${rest}${idInput(subject, update, "made").slice(2)}`;
    const made = isWhole ? [`  const input = ${inputOf(subject)};`] : [];
    const expected = changedFields(entity.fields, { isWhole, field });
    tests.push(
      ...["", `it("is changed by its owner: ${update.name}", async () => {`, `  const made = await make.${name}(world.app);`, ...made],
      `  const change = ${change};`,
      `  const changed = await world.app.call(${call}, change);`,
      `  assert.deepEqual(changed, { ...made, ${expected}updatedAt: changed.updatedAt });`,
      ...[
        "});",
        "",
        `it("is not changed by another caller: ${update.name}", async () => {`,
        `  const made = await make.${name}(world.app);`,
        ...made,
      ],
      `  await assert.rejects(world.app.as(ben).call(${call}, ${change}), { code: "not_found" });`,
      "});",
    );
  }
  const remove = operation(subject, "remove");
  if (remove !== undefined) {
    const call = `${contract}.${camel(remove.name)}`;
    tests.push(
      ...[
        "",
        'it("is removed by its owner alone", async () => {',
        `  const made = await make.${name}(world.app);`,
        `  const input = ${idInput(subject, remove, "made")};`,
      ],
      `  await assert.rejects(world.app.as(ben).call(${call}, input), { code: "not_found" });`,
      `  await world.app.call(${call}, input);`,
      `  await assert.rejects(world.app.call(${call}, input), { code: "not_found" });`,
      "});",
    );
  }
  return tests;
}

function changedFields(
  fields: readonly FieldModel[],
  { isWhole, field }: { readonly isWhole: boolean; readonly field: FieldModel | undefined },
): string {
  const names = isWhole
    ? fields.filter(({ parent }) => parent === undefined).map(({ name }) => name)
    : field === undefined
      ? []
      : [field.name];
  return names.map((name) => `${name}: change.${name}, `).join("");
}

/** Tests each transition from each status. */
export function transitions(subject: Subject): readonly string[] {
  const { entity, contract, module } = subject;
  const name = camel(entity.key);
  const statuses = entity.statuses.map(quoted).join(", ");
  const table = `${module.schema}.${entity.table}`;
  return entity.transitions.flatMap(({ verb }) => {
    const one = module.operations.find((other) => other.act === "transition" && other.verb === verb && other.entity === entity.key)!;
    const isKept = one.roles.length > 0 && one.roles.every((role) => keeperRoles.test(role));
    // Who looks after all is bound to no owner.
    const caller = isKept ? `world.app.as({ ...ben, roles: [${one.roles.map(quoted).join(", ")}] })` : "world.app";
    const call = `${contract}.${camel(one.name)}`;
    const input = idInput(subject, one, "made");
    const rule = statusFunction({ verb, key: entity.key });
    return [
      "",
      `for (const status of [${statuses}])`,
      `  it(\`${one.name} from \${status} does as the domain says, and twice as once\`, async () => {`,
      `    const made = await make.${name}(world.app);`,
      `    await world.database.admin("update ${table} set status = $1 where id = $2", [status, made.id]);`,
      `    const expected = ${rule}(status);`,
      `    if (expected === undefined) return assert.rejects(${caller}.call(${call}, ${input}), { type: "${entity.key}_status_conflict" });`,
      `    assert.equal((await ${caller}.call(${call}, ${input})).status, expected);`,
      `    assert.equal((await ${caller}.call(${call}, ${input})).status, expected);`,
      "  });",
      ...(isKept
        ? []
        : [
            "",
            `it("${one.name} is of the owner alone", async () => {`,
            `  const made = await make.${name}(world.app);`,
            `  await assert.rejects(world.app.as(ben).call(${call}, ${input}), { code: "not_found" });`,
            "});",
          ]),
    ];
  });
}
