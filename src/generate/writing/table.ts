import type { EntityModel, FieldModel, ModuleModel } from "../model/model.ts";
import { camel, pascal, words } from "../model/names.ts";
import { lines, ofDesign } from "./file.ts";
import { rowOf } from "./forms.ts";

/** Writes what handlers need to know of the tables of a module: a field that the design adds comes into every statement by itself. */
export function writeTables(module: ModuleModel): string {
  const hasObject = module.entities.some(({ fields }) => fields.some(({ form }) => form === "object"));
  return lines(
    ofDesign(),
    `import { ${hasObject ? "json, " : ""}sqlFragment } from "plimsoll";`,
    'import type { z } from "zod";',
    `import type { ${module.entities.map(({ key }) => `New${pascal(key)}`).join(", ")} } from "./contract.ts";`,
    "",
    "/** Every field may be missing. */",
    "type Changes<T> = { readonly [K in keyof T]?: T[K] | undefined };",
    ...module.entities.flatMap((entity) => ["", ...tableOf(entity)]),
  );
}

/** The name of what handlers import: `orderTable`. */
export function tableName({ key }: Pick<EntityModel, "key">): string {
  return `${camel(key)}Table`;
}

function tableOf(entity: EntityModel): readonly string[] {
  const type = `z.output<typeof New${pascal(entity.key)}>`;
  const value = (field: FieldModel, isChange: boolean): string => {
    const given = `given.${field.name}`;
    const canMiss = isChange || (field.isOptional && rowOf(field).absent === undefined);
    if (field.form === "object") return isChange ? `${given} === undefined ? null : json(${given})` : `json(${given})`;
    return canMiss ? `${given} ?? null` : given;
  };
  const cast = (field: FieldModel): string => (field.form === "object" || field.form === "list" ? `::${rowOf(field).sql}` : "");
  const changed = entity.fields.filter(({ parent }) => parent === undefined);
  return [
    `/** The columns of a ${words(entity.key)}, its new values, and its changes. */`,
    `export const ${tableName(entity)} = {`,
    `  columns: sqlFragment\`${["id", ...entity.fields.map(({ column }) => column), ...(entity.statuses.length > 0 ? ["status"] : []), "created_at", "updated_at"].join(", ")}\`,`,
    `  names: sqlFragment\`${entity.fields.map(({ column }) => column).join(", ")}\`,`,
    `  values: (given: ${type}) =>`,
    `    sqlFragment\`${entity.fields.map((field) => `\${${value(field, false)}}${cast(field)}`).join(", ")}\`,`,
    `  changes: (given: Changes<${type}>) =>`,
    `    sqlFragment\`${[...changed.map((field) => `${field.column} = coalesce(\${${value(field, true)}}${cast(field)}, ${field.column})`), "updated_at = plimsoll.now()"].join(", ")}\`,`,
    "};",
  ];
}
