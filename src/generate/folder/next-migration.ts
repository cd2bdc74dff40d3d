import type { AppModel, EntityModel, FieldModel, ModuleModel } from "../model/model.ts";
import { workObjects } from "../writing/background/work.ts";
import { sqlText } from "../writing/bounded-forms.ts";
import { rowOf } from "../writing/forms.ts";
import { addedColumn, indexesOf, indexOf, statusColumn, wholesFirst, writeMigration } from "../writing/migration.ts";
import { type TableRecords, tableOf } from "./tables.ts";

/** A migration that is to be written. */
export interface NextMigration {
  readonly name: string;
  readonly text: string;
}

/**
 * What brings the tables of a module from what was written to what the design says. What would hold a lock for long stands in a file of its own: a constraint is
 * validated after the transaction that added it, and an index of a table with rows is made concurrently.
 */
export function nextMigrations(
  module: ModuleModel,
  { app, before }: { readonly app: AppModel; readonly before: TableRecords },
): readonly NextMigration[] {
  const { isTenanted } = app;
  const known = module.entities.filter((entity) => before[tableOf(module, entity)] !== undefined);
  const fresh = wholesFirst(module.entities).filter((entity) => !known.includes(entity));
  const where = { module, before, isTenanted };
  const changes = known.map((entity) => changesOf(entity, where));
  const made = fresh.length === 0 ? [] : [writeMigration({ ...module, entities: fresh }, isTenanted)];
  const objects = [...workObjects(module, isTenanted)].filter(([object]) => before[object] === undefined).map(([, text]) => text);
  const parts = [...made, ...changes.filter((text) => text !== ""), ...objects];
  const first = known[changes.findIndex((text) => text !== "")];
  const name =
    known.length === 0
      ? module.schema
      : fresh.length > 0
        ? `add_${fresh[0]!.table}`
        : first === undefined
          ? "add_work"
          : `change_${first.table}`;
  const validated = known.flatMap((entity) => validationOf(entity, where));
  const indexed = known.flatMap((entity) => newIndexesOf(entity, where));
  return [
    ...(parts.length === 0 ? [] : [{ name, text: parts.join("\n") }]),
    ...(validated.length === 0 ? [] : [{ name: "validate_statuses", text: `${validated.join("\n")}\n` }]),
    ...(indexed.length === 0 ? [] : [{ name: "add_indexes", text: `-- plimsoll: no-transaction\n${indexed.join("\n")}\n` }]),
  ];
}

interface Where {
  readonly module: ModuleModel;
  readonly before: TableRecords;
  readonly isTenanted: boolean;
}

function changesOf(entity: EntityModel, { module, before }: Where): string {
  const table = tableOf(module, entity);
  const old = before[table]!;
  const lines: string[] = [];
  for (const field of entity.fields) {
    lines.push(...typeChange(field, { table, was: old.types?.[field.column] }));
    // It was left out for a while: the column is still there, and may be empty.
    if (old.columns.includes(field.column) || old.left.includes(field.column)) continue;
    lines.push(`alter table ${table} add column ${addedColumn(field)};`);
  }
  for (const column of old.columns) {
    const isStatus = column === "status" && entity.statuses.length > 0;
    if (isStatus) lines.push(`update ${table} set status = ${sqlText(entity.statuses[0]!)} where status is null;`);
    if (isStatus || entity.fields.some((field) => field.column === column)) continue;
    lines.push(
      `-- The design does not have ${column} any more. Its values stay; drop the column in a migration of your own when no running version reads it.`,
      `alter table ${table} alter column ${column} drop not null;`,
    );
  }
  if (old.statuses.length === 0 && entity.statuses.length > 0 && !old.columns.includes("status"))
    lines.push(`alter table ${table} add column ${statusColumn(entity)};`);
  else if (hasMoreStatuses(entity, { module, before, isTenanted: false }))
    lines.push(...moreStatuses(entity, { table, old: old.statuses }));
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Another type of a column that has values: each is converted, and a value that cannot be stops the migration. */
function typeChange(field: FieldModel, { table, was }: { readonly table: string; readonly was: string | undefined }): readonly string[] {
  const { sql } = rowOf(field);
  if (was === undefined || was === sql) return [];
  return [
    `-- plimsoll-allow type-rewrites: the design changed the type from ${was} to ${sql}; run it when no process uses the table`,
    `alter table ${table} alter column ${field.column} type ${sql} using ${field.column}::${sql};`,
  ];
}

/** Whether the status had a constraint and gets more values. */
function hasMoreStatuses(entity: EntityModel, { module, before }: Where): boolean {
  const old = before[tableOf(module, entity)]!;
  return (old.statuses.length > 0 || old.columns.includes("status")) && entity.statuses.some((status) => !old.statuses.includes(status));
}

function validationOf(entity: EntityModel, where: Where): readonly string[] {
  return hasMoreStatuses(entity, where)
    ? [`alter table ${tableOf(where.module, entity)} validate constraint ${entity.table}_status_check;`]
    : [];
}

function newIndexesOf(entity: EntityModel, { module, before, isTenanted }: Where): readonly string[] {
  const old = before[tableOf(module, entity)]!;
  const uniques = entity.uniques
    .filter((columns) => !(old.uniques ?? []).includes(columns.join(" ")))
    .map((columns) => {
      const name = `${entity.table}_once_by_${columns.join("_")}`.slice(0, 63);
      const all = [...(isTenanted ? ["tenant_id"] : []), ...columns].join(", ");
      return `create unique index concurrently if not exists ${name} on ${tableOf(module, entity)} (${all});`;
    });
  const indexes = indexesOf(entity, module)
    .filter((columns) => !old.indexes.includes(columns.join(" ")))
    .map((columns) => indexOf({ entity, module, columns, isTenanted }).replace("create index", "create index concurrently if not exists"));
  return [...uniques, ...indexes];
}

/** More values are allowed. Rows are checked by a later file, after the lock that writers wait for is gone. */
function moreStatuses(
  { table: name, statuses }: EntityModel,
  { table, old }: { readonly table: string; readonly old: readonly string[] },
): readonly string[] {
  const constraint = `${name}_status_check`;
  const all = [...new Set([...statuses, ...old])];
  return [
    `alter table ${table} drop constraint if exists ${constraint};`,
    `alter table ${table} alter column status set default ${sqlText(statuses[0]!)};`,
    `alter table ${table} add constraint ${constraint} check (status in (${all.map(sqlText).join(", ")})) not valid;`,
  ];
}
