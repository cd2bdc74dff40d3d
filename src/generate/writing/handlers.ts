// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type EntityModel, entityOf, type ModuleModel, type OperationModel } from "../model/model.ts";
import { camel, kebab, pascal, words } from "../model/names.ts";
import { childrenOf, idOf } from "./contract.ts";
import { lines, quoted } from "./file.ts";
import { emittingOf, eventOf, statusFunction } from "./names.ts";
import { tableName } from "./table.ts";

/** Writes the handler of an operation. It belongs to a person from then on. */
export function writeHandler(operation: OperationModel, module: ModuleModel): string {
  const entity = entityOf(module, operation.entity);
  return writers[operation.act]({ operation, module, entity, at: `${module.schema}.${entity.table}`, contract: camel(module.name) });
}

interface Place {
  readonly operation: OperationModel;
  readonly module: ModuleModel;
  readonly entity: EntityModel;
  /** The table with its schema. */
  readonly at: string;
  /** How the contract is imported. */
  readonly contract: string;
}

const writers: Readonly<Record<OperationModel["act"], (place: Place) => string>> = {
  create: (place) => (emittingOf(place.module).includes(place.operation) ? writeEmittingCreation(place) : writeCreation(place)),
  get: (place) => {
    const { operation, entity, at, contract } = place;
    return lines(
      ...imports(place),
      `export const ${camel(operation.name)} = implement(`,
      `  ${contract}.${camel(operation.name)},`,
      `  async (${inputOf(place)}, { sql, fail }) =>`,
      `    (await sql(${contract}.${pascal(entity.key)})\`select \${${tableName(entity)}.columns} from ${at} where ${conditionOf(place)}\`.maybe()) ??`,
      `    fail(${contract}.${pascal(entity.key)}NotFound, { ${idOf(entity)} }),`,
      ");",
    );
  },
  list: (place) => writeList(place),
  update: (place) => {
    const { operation, entity, at, contract } = place;
    return lines(
      ...imports(place),
      `export const ${camel(operation.name)} = implement(`,
      `  ${contract}.${camel(operation.name)},`,
      `  async (${inputOf(place, "...changes")}, { sql, fail }) =>`,
      `    (await sql(${contract}.${pascal(entity.key)})\``,
      `      update ${at} set \${${tableName(entity)}.changes(changes)} where ${conditionOf(place)}`,
      `      returning \${${tableName(entity)}.columns}\`.maybe()) ??`,
      `    fail(${contract}.${pascal(entity.key)}NotFound, { ${idOf(entity)} }),`,
      ");",
    );
  },
  remove: (place) => {
    const { operation, entity, at, contract, module } = place;
    const id = idOf(entity);
    const column = `${entity.key}_id`;
    const uses = childrenOf(entity, module).map(
      (child) =>
        `  if (await sql\`select from ${module.schema}.${child.table} where ${column} = \${${id}}\`.exists()) fail(${contract}.${pascal(entity.key)}InUse, { ${id} });`,
    );
    return lines(
      'import { implement } from "plimsoll";',
      `import * as ${contract} from "../contract.ts";`,
      "",
      `export const ${camel(operation.name)} = implement(${contract}.${camel(operation.name)}, async (${inputOf(place)}, { sql, fail }) => {`,
      ...uses,
      `  const removed = await sql\`delete from ${at} where ${conditionOf(place)}\`.run();`,
      `  if (removed === 0) fail(${contract}.${pascal(entity.key)}NotFound, { ${id} });`,
      "  return {};",
      "});",
    );
  },
  transition: (place) => writeTransition(place),
};

function writeCreation({ operation, entity, at, contract }: Place): string {
  return lines(
    ...imports({ contract, entity }),
    `export const ${camel(operation.name)} = implement(${contract}.${camel(operation.name)}, (input, { sql, actor, newId }) =>`,
    `  sql(${contract}.${pascal(entity.key)})\``,
    `    insert into ${at} (id, owner_id, \${${tableName(entity)}.names})`,
    `    values (\${newId()}, \${actor.id}, \${${tableName(entity)}.values(input)})`,
    `    returning \${${tableName(entity)}.columns}\`.one(),`,
    ");",
  );
}

function writeEmittingCreation({ operation, entity, at, contract }: Place): string {
  return lines(
    'import { implement } from "plimsoll";',
    `import * as ${contract} from "../contract.ts";`,
    `import { ${eventOf(operation)} } from "../events.ts";`,
    `import { ${tableName(entity)} } from "../tables.ts";`,
    "",
    `export const ${camel(operation.name)} = implement(${contract}.${camel(operation.name)}, async (input, { sql, actor, newId, emit }) => {`,
    `  const made = await sql(${contract}.${pascal(entity.key)})\``,
    `    insert into ${at} (id, owner_id, \${${tableName(entity)}.names})`,
    `    values (\${newId()}, \${actor.id}, \${${tableName(entity)}.values(input)})`,
    `    returning \${${tableName(entity)}.columns}\`.one();`,
    "  // It is recorded if and when this transaction commits.",
    `  emit(${eventOf(operation)}, { ${idOf(entity)}: made.id, ownerId: actor.id });`,
    "  return made;",
    "});",
  );
}

function imports({ contract, entity }: Pick<Place, "contract" | "entity">): readonly string[] {
  return [
    'import { implement } from "plimsoll";',
    `import * as ${contract} from "../contract.ts";`,
    `import { ${tableName(entity)} } from "../tables.ts";`,
    "",
  ];
}

function inputOf({ operation: { below }, entity }: Place, ...more: readonly string[]): string {
  return `{ ${[...(below === undefined ? [] : [camel(below)]), idOf(entity), ...more].join(", ")} }`;
}

function conditionOf({ operation: { below }, entity }: Place): string {
  return `id = \${${idOf(entity)}}${below === undefined ? "" : ` and ${below} = \${${camel(below)}}`}`;
}

function writeList(place: Place): string {
  const { operation, module, entity, at, contract } = place;
  const { below } = operation;
  const parent = entity.fields.find(({ column }) => column === below)?.parent;
  const isGuarded = parent !== undefined && !entityOf(module, parent).isShared;
  const isOwn = !entity.isShared && !isGuarded;
  const conditions = [...(below === undefined ? [] : [`${below} = \${input.${camel(below)}}`]), ...(isOwn ? ["${own}"] : [])];
  return lines(
    'import { implement } from "plimsoll";',
    isOwn ? 'import { seesAll } from "../../access.ts";' : undefined,
    `import * as ${contract} from "../contract.ts";`,
    `import { ${tableName(entity)} } from "../tables.ts";`,
    "",
    `export const ${camel(operation.name)} = implement(${contract}.${camel(operation.name)}, (input, { sql, page${isOwn ? ", actor" : ""} }) =>`,
    "  page(input, {",
    "    rows: (after: string | undefined, limit) => {",
    isOwn ? "      const own = seesAll(actor) ? sql`true` : sql`owner_id = ${actor.id}`;" : undefined,
    "      const before = after === undefined ? sql`true` : sql`id < ${after}`;",
    `      return sql(${contract}.${pascal(entity.key)})\``,
    `        select \${${tableName(entity)}.columns} from ${at}`,
    `        where ${[...conditions, "${before}"].join(" and ")}`,
    "        order by id desc limit ${limit}`.many();",
    "    },",
    "    position: ({ id }) => id,",
    "  }),",
    ");",
  );
}

function writeTransition(place: Place): string {
  const { operation, entity, at, contract } = place;
  const verb = operation.verb!;
  const status = statusFunction({ verb, key: entity.key });
  const id = idOf(entity);
  const emits = emittingOf(place.module).includes(operation);
  return lines(
    'import { implement } from "plimsoll";',
    `import * as ${contract} from "../contract.ts";`,
    `import { ${status} } from "../domain/${kebab(verb)}-${kebab(entity.key)}.ts";`,
    emits ? `import { ${eventOf(operation)} } from "../events.ts";` : undefined,
    `import { ${tableName(entity)} } from "../tables.ts";`,
    "",
    `export const ${camel(operation.name)} = implement(${contract}.${camel(operation.name)}, async (${inputOf(place)}, { sql, fail${emits ? ", emit" : ""} }) => {`,
    `  const found = await sql<{ status: string${emits ? "; owner: string" : ""} }>\`select status${emits ? ", owner_id as owner" : ""} from ${at} where ${conditionOf(place)} for update\`.maybe();`,
    `  if (found === undefined) return fail(${contract}.${pascal(entity.key)}NotFound, { ${id} });`,
    `  const status = ${status}(found.status);`,
    `  if (status === undefined) return fail(${contract}.${pascal(entity.key)}StatusConflict, { ${id}, status: found.status });`,
    emits ? "  // Done twice, it is as done once: for those who follow it too." : undefined,
    emits ? `  if (found.status !== status) emit(${eventOf(operation)}, { ${id}, ownerId: found.owner });` : undefined,
    `  return sql(${contract}.${pascal(entity.key)})\``,
    `    update ${at} set status = \${status}, updated_at = plimsoll.now() where id = \${${id}}`,
    `    returning \${${tableName(entity)}.columns}\`.one();`,
    "});",
  );
}

/** Writes the rule of a transition. It belongs to a person from then on. */
export function writeRule(entity: EntityModel, verb: string): string {
  const { from, to } = entity.transitions.find((one) => one.verb === verb)!;
  return lines(
    `/** The statuses in which one can ${words(verb)} ${/^[aeiou]/.test(entity.key) ? "an" : "a"} ${words(entity.key)}. */`,
    `const from: readonly string[] = [${from.map(quoted).join(", ")}];`,
    "",
    "/** Returns the status afterwards, or undefined where it cannot be done. Done twice, it is as done once. */",
    `export function ${statusFunction({ verb, key: entity.key })}(status: string): ${quoted(to)} | undefined {`,
    `  return status === ${quoted(to)} || from.includes(status) ? ${quoted(to)} : undefined;`,
    "}",
  );
}

/** Writes who may read and change the rows of an entity. It belongs to a person from then on. */
export function writeOwns(entity: EntityModel, module: ModuleModel): string {
  const id = idOf(entity);
  const name = pascal(entity.key);
  const table = `${module.schema}.${entity.table}`;
  const one = words(entity.key);
  const named = `{ ${id} }: { readonly ${id}: string }`;
  const own = [
    `/** Whether the caller may change the ${one}: the owner may, and who sees all. Another caller gets the response of one that does not exist. */`,
    `export const owns${name} = (${named}, { sql, actor }: ReadScope) =>`,
    `  sql\`select from ${table} where id = \${${id}} and \${seesAll(actor) ? sql\`true\` : sql\`owner_id = \${actor.id}\`}\`.exists();`,
  ];
  const reads = entity.isShared
    ? [
        `/** Whether the caller may read the ${one}: every caller who has signed in may. */`,
        `export const reads${name} = (${named}, { sql }: ReadScope) => sql\`select from ${table} where id = \${${id}}\`.exists();`,
      ]
    : [`/** Whether the caller may read the ${one}: who may change it may. */`, `export const reads${name} = owns${name};`];
  return lines('import type { ReadScope } from "plimsoll";', 'import { seesAll } from "../../access.ts";', "", ...own, "", ...reads);
}
