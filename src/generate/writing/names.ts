import type { ModuleModel, OperationModel } from "../model/model.ts";
import { camel, pascal, past } from "../model/names.ts";

/** The operations of a module whose event something follows. */
export function emittingOf({ operations, work }: ModuleModel): readonly OperationModel[] {
  return operations.filter(({ name }) => work.some(({ on }) => on === name));
}

/** The name of the event of an operation: of `pay-order` it is `orderPaid`. */
export function eventOf({ act, entity, verb }: Pick<OperationModel, "act" | "entity" | "verb">): string {
  return camel(`${entity}_${act === "create" ? "created" : past(verb!)}`);
}

/** The function of the domain that decides a transition: `statusAfterPayOrder`. */
export function statusFunction({ verb, key }: { readonly verb: string; readonly key: string }): string {
  return `statusAfter${pascal(verb)}${pascal(key)}`;
}
