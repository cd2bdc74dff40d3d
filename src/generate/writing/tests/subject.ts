import type { AppModel, EntityModel, ModuleModel, OperationModel } from "../../model/model.ts";
import { camel } from "../../model/names.ts";
import { idOf } from "../contract.ts";

/** What the tests of an entity are written from. */
export interface Subject {
  readonly module: ModuleModel;
  readonly entity: EntityModel;
  readonly app: AppModel;
  /** How the contract is imported. */
  readonly contract: string;
}

/** The first operation of an entity that does something. */
export function operation({ module, entity }: Subject, act: OperationModel["act"]): OperationModel | undefined {
  return module.operations.find((one) => one.act === act && one.entity === entity.key);
}

/** The lines that make what a new row needs, and the input. */
export function inputOf({ entity }: Subject, more: readonly string[] = []): string {
  const name = camel(entity.key);
  const parents = entity.fields.flatMap((field) =>
    field.parent === undefined ? [] : [`${field.name}: (await make.${camel(field.parent)}(world.app)).id`],
  );
  const parts = [...parents, ...more];
  return parts.length === 0 ? `samples.${name}()` : `{ ...samples.${name}(), ${parts.join(", ")} }`;
}

/** The input that names a row. */
export function idInput({ entity }: Subject, one: OperationModel, from: string): string {
  const below = entity.fields.find(({ column }) => column === one.below);
  return `{ ${below === undefined ? "" : `${below.name}: ${from}.${below.name}, `}${idOf(entity)}: ${from}.id }`;
}
