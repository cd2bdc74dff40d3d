import type { AppModel } from "../model/model.ts";
import { indexesOf, indexOf } from "../writing/migration.ts";
import type { KnownTable } from "./schema.ts";

/** A declared read, and the index that it uses or lacks. */
export interface PlannedIndex {
  readonly read: string;
  readonly table: string;
  /** The columns of its condition and of its order. */
  readonly columns: readonly string[];
  /** The index that it uses; undefined where there is none. */
  readonly index: string | undefined;
  /** What makes it. */
  readonly statement: string;
}

/** Plans an index for each declared read: its condition first, then its order. */
export function planIndexes(app: AppModel, tables: ReadonlyMap<string, KnownTable>): readonly PlannedIndex[] {
  return app.modules.flatMap((module) =>
    module.operations
      .filter(({ act }) => act === "list" || act === "get")
      .map(({ name, act, entity: key, below }) => {
        const entity = module.entities.find((one) => one.key === key)!;
        const table = `${module.schema}.${entity.table}`;
        const tenant = app.isTenanted ? ["tenant_id"] : [];
        const wanted = act === "get" || (below === undefined && entity.isShared) ? ["id"] : [below ?? "owner_id", "id"];
        const columns = [...tenant, ...wanted];
        const known = tables.get(table);
        const isPrefix = (of: readonly string[]): boolean => columns.every((column, at) => of[at] === column);
        const index =
          known === undefined
            ? undefined
            : isPrefix(known.primaryKey)
              ? "primary key"
              : known.indexes.find((one) => isPrefix(one.columns))?.name;
        const made = indexesOf(entity, module).find((one) => one[0] === wanted[0]) ?? wanted;
        return {
          read: `${module.name}.${name}`,
          table,
          columns,
          index,
          statement: indexOf({ entity, module, columns: made, isTenanted: app.isTenanted }),
        };
      }),
  );
}
