import type { AppModel, EntityModel, ModuleModel } from "../model/model.ts";
import { workObjects } from "../writing/background/work.ts";
import { rowOf } from "../writing/forms.ts";
import { indexesOf } from "../writing/migration.ts";

/** What is known of a table that was written. */
export interface TableRecord {
  readonly columns: readonly string[];
  /** Columns that came to a table that had rows: a row may have no value in them. */
  readonly late: readonly string[];
  /** Columns that the design does not have any more. They stay in the database. */
  readonly left: readonly string[];
  readonly statuses: readonly string[];
  readonly indexes: readonly string[];
  /** Constraints by which columns are once in the table. Records of earlier releases have none. */
  readonly uniques?: readonly string[];
  /** The types of the columns in SQL, likewise. */
  readonly types?: Readonly<Record<string, string>>;
}

/** The tables by their names with their schemas. */
export type TableRecords = Readonly<Record<string, TableRecord>>;

/** The name of a table with its schema. */
export function tableOf({ schema }: ModuleModel, { table }: EntityModel): string {
  return `${schema}.${table}`;
}

/** Records the tables of a model, beside those that were there before. */
export function tablesOf({ modules, isTenanted }: AppModel, before: TableRecords = {}): TableRecords {
  const now = modules.flatMap((module) =>
    module.entities.map((entity) => {
      const name = tableOf(module, entity);
      const old = before[name];
      const columns = entity.fields.map(({ column }) => column);
      const known = old === undefined ? columns : [...old.columns, ...old.left];
      const record: TableRecord = {
        columns,
        late: [
          ...new Set([...(old?.late ?? []), ...(old === undefined ? [] : columns.filter((column) => !old.columns.includes(column)))]),
        ].toSorted(),
        left: known.filter((column) => !columns.includes(column)).toSorted(),
        statuses: [...new Set([...(old?.statuses ?? []), ...entity.statuses])],
        indexes: [...new Set([...(old?.indexes ?? []), ...indexesOf(entity, module).map((index) => index.join(" "))])],
        uniques: [...new Set([...(old?.uniques ?? []), ...entity.uniques.map((one) => one.join(" "))])],
        types: { ...old?.types, ...Object.fromEntries(entity.fields.map((field) => [field.column, rowOf(field).sql])) },
      };
      return [name, record] as const;
    }),
  );
  const objects = modules.flatMap((module) => [...workObjects(module, isTenanted).keys()]);
  const empty = { columns: [], late: [], left: [], statuses: [], indexes: [] };
  return { ...before, ...Object.fromEntries(now), ...Object.fromEntries(objects.map((object) => [object, before[object] ?? empty])) };
}

/** Marks the fields whose columns came to a table that had rows, and keeps statuses that rows may have. */
export function withHistory(app: AppModel, before: TableRecords | undefined): AppModel {
  if (before === undefined) return app;
  const records = tablesOf(app, before);
  return {
    ...app,
    modules: app.modules.map((module) => ({
      ...module,
      entities: module.entities.map((entity) => {
        const { late, statuses } = records[tableOf(module, entity)]!;
        return {
          ...entity,
          fields: entity.fields.map((field) => (late.includes(field.column) ? { ...field, isLate: true } : field)),
          statuses: entity.statuses.length === 0 ? [] : [...new Set([...entity.statuses, ...statuses])],
        };
      }),
    })),
  };
}
