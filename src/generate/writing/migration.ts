import type { EntityModel, FieldModel, ModuleModel } from "../model/model.ts";
import { sqlText } from "./bounded-forms.ts";
import { columnOf } from "./forms.ts";

/** Writes the first migration of a module: its tables, their keys, constraints and indexes. */
export function writeMigration(module: ModuleModel, isTenanted: boolean): string {
  return `${wholesFirst(module.entities)
    .map((entity) => tableOf(entity, { module, isTenanted }))
    .join("\n")}`;
}

/** A table must exist before another refers to it. */
export function wholesFirst(entities: readonly EntityModel[]): readonly EntityModel[] {
  const done: EntityModel[] = [];
  const visit = (entity: EntityModel): void => {
    if (done.includes(entity)) return;
    for (const { parent } of entity.fields) {
      const whole = entities.find(({ key }) => key === parent);
      if (whole !== undefined && whole !== entity) visit(whole);
    }
    if (!done.includes(entity)) done.push(entity);
  };
  for (const entity of entities) visit(entity);
  return done;
}

interface Where {
  readonly module: ModuleModel;
  readonly isTenanted: boolean;
}

function tableOf(entity: EntityModel, { module, isTenanted }: Where): string {
  const table = `${module.schema}.${entity.table}`;
  const tenant = isTenanted ? "tenant_id, " : "";
  const parents = entity.fields.filter(({ parent }) => parent !== undefined);
  const columns = [
    ...(isTenanted ? ["tenant_id text"] : []),
    "id uuid",
    "owner_id text not null",
    ...entity.fields.map(columnOf),
    ...(entity.statuses.length > 0 ? [statusColumn(entity)] : []),
    "created_at timestamptz not null default plimsoll.now()",
    "updated_at timestamptz not null default plimsoll.now()",
    `primary key (${tenant}id)`,
    ...entity.uniques.map((columns) => `unique (${tenant}${columns.join(", ")})`),
    ...parents.map(({ column, parent }) => foreignKey({ column, table: `${module.schema}.${tableNamed(module, parent!)}`, tenant })),
  ];
  return [
    `create table ${table} (`,
    columns.map((column) => `  ${column}`).join(",\n"),
    ");",
    ...(isTenanted ? [`select plimsoll.tenant_table('${table}');`] : []),
    ...indexesOf(entity, module).map((columns) => indexOf({ entity, module, columns, isTenanted })),
    "",
  ].join("\n");
}

function tableNamed(module: ModuleModel, key: string): string {
  return module.entities.find((entity) => entity.key === key)!.table;
}

function foreignKey({ column, table, tenant }: { readonly column: string; readonly table: string; readonly tenant: string }): string {
  return `foreign key (${tenant}${column}) references ${table} (${tenant}id)`;
}

/** The column of a status with the statuses that there are. */
export function statusColumn({ statuses }: EntityModel): string {
  return `status text not null default ${sqlText(statuses[0]!)} check (status in (${statuses.map(sqlText).join(", ")}))`;
}

/** The indexes that the declared reads need: each is the columns of its condition and of its order. */
export function indexesOf(entity: EntityModel, { operations, entities }: ModuleModel): readonly (readonly string[])[] {
  const lists = operations.filter(({ act, entity: key }) => act === "list" && key === entity.key);
  const byOwner = !entity.isShared && lists.some(({ below }) => below === undefined);
  const bound = lists.flatMap(({ below }) => (below === undefined ? [] : [below]));
  const parents = entity.fields.flatMap(({ column, parent }) => (entities.some(({ key }) => key === parent) ? [column] : []));
  return [...(byOwner ? [["owner_id", "id"]] : []), ...[...new Set([...bound, ...parents])].map((column) => [column, "id"])];
}

/** The statement that makes an index. */
export function indexOf({
  entity,
  module,
  columns,
  isTenanted,
}: Where & { readonly entity: EntityModel; readonly columns: readonly string[] }): string {
  const name = `${entity.table}_by_${columns[0]!.replace(/_id$/, "")}`;
  return `create index ${name} on ${module.schema}.${entity.table} (${[...(isTenanted ? ["tenant_id"] : []), ...columns].join(", ")});`;
}

/** A column that comes to a table with rows: it may be empty, as no row has a value for it. */
export function addedColumn(field: FieldModel): string {
  return columnOf({ ...field, isOptional: true });
}
