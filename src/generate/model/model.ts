import type { Design } from "../../design/planning/design.ts";

/** How a field is kept, checked and shown. */
export type FieldForm =
  | "text"
  | "long-text"
  | "email"
  | "url"
  | "money"
  | "count"
  | "integer"
  | "big-integer"
  | "decimal"
  | "choice"
  | "real"
  | "flag"
  | "moment"
  | "day"
  | "reference"
  | "list"
  | "object";

/** A column of a table, and the field of a contract that it is. */
export interface FieldModel {
  /** In lower case with `_`: the column. */
  readonly column: string;
  /** The same in camel case. */
  readonly name: string;
  readonly form: FieldForm;
  /** Callers may leave it out. */
  readonly isOptional: boolean;
  /** The column came to a table that had rows: a row may have no value in it. */
  readonly isLate?: boolean;
  /** The entity of the same module that it names, and whose row must exist. */
  readonly parent?: string;
  /** What the PRD states of its values in SQL. */
  readonly bounds?: FieldBounds;
  /** A constraint allows each value, alone or with others, once: samples differ. */
  readonly isVaried?: boolean;
}

/** What a field allows beside its form. */
export interface FieldBounds {
  /** The most characters of a text, or the greatest number. Of money in hundredths. */
  readonly most?: number;
  readonly least?: number;
  /** Digits of a decimal, and how many of them stand behind the point. */
  readonly digits?: number;
  readonly scale?: number;
  /** The only values. */
  readonly values?: readonly string[];
}

/** A change of the status of an entity by a verb. */
export interface TransitionModel {
  readonly verb: string;
  readonly from: readonly string[];
  readonly to: string;
}

/** A thing that the service keeps: one table. */
export interface EntityModel {
  /** Of one, in lower case with `_`. */
  readonly key: string;
  /** As the PRD writes it. */
  readonly title: string;
  readonly table: string;
  readonly fields: readonly FieldModel[];
  /** Columns that together are once in the table. */
  readonly uniques: readonly (readonly string[])[];
  /** Statuses that the PRD lists; the first is that of a new one. */
  readonly stated?: readonly string[];
  /** Every signed-in caller of the tenant reads it; otherwise the owner alone. */
  readonly isShared: boolean;
  /** The first is that of a new one. Empty where no operation changes it. */
  readonly statuses: readonly string[];
  readonly transitions: readonly TransitionModel[];
}

/** What an operation does with its entity. */
export type OperationAct = "create" | "get" | "list" | "update" | "remove" | "transition";

/** An operation of the code. */
export interface OperationModel {
  readonly act: OperationAct;
  /** The entity's key. */
  readonly entity: string;
  /** As in `create-order`. */
  readonly name: string;
  /** None: only other modules call it. */
  readonly route?: { readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; readonly path: string };
  /** Of a transition, as in `pay`. */
  readonly verb?: string;
  /** The column by which a row is bound to that of a path above it, as `order_id` in `/orders/{orderId}/items`. */
  readonly below?: string;
  /** Roles that may call it; empty: every signed-in caller. */
  readonly roles: readonly string[];
  /** What the PRD says, and where; or why it is there although the PRD does not ask for it. */
  readonly from: string;
}

/** Work that no caller waits for. */
export interface WorkModel {
  /** As in `send-receipt`. */
  readonly name: string;
  /** As the PRD says it. */
  readonly title: string;
  readonly from: string;
  /** The key of the entity that it is about. */
  readonly entity: string;
  /** Sends a message to the owner, changes rows of an age, or records a report. */
  readonly does: "message" | "change" | "report";
  /** The operation whose event it follows. */
  readonly on?: string;
  /** When the clock starts it. */
  readonly cron?: string;
  /** Of a change: the verb of its transition, or `remove`. */
  readonly verb?: string;
  /** How old a row is by then. *Units*: milliseconds. */
  readonly ageMs?: number;
}

/** A webhook that another service sends. */
export interface HookModel {
  readonly name: string;
  readonly path: string;
  readonly from: string;
}

/** A module of the code, with its own schema. */
export interface ModuleModel {
  /** As in `order-items`. */
  readonly name: string;
  readonly schema: string;
  readonly entities: readonly EntityModel[];
  readonly operations: readonly OperationModel[];
  readonly work: readonly WorkModel[];
  readonly hooks: readonly HookModel[];
}

/** Something that the PRD asks for and that no operation of the code is. */
export interface LeftOut {
  readonly name: string;
  readonly place: string;
  readonly why: "covered" | "sign-in" | "unclear" | "secret" | "constraint";
  /** The operation that covers it. */
  readonly by?: string;
}

/** What the code is written from. */
export interface AppModel {
  readonly name: string;
  readonly title: string;
  readonly language: Design["language"];
  readonly isTenanted: boolean;
  readonly roles: readonly string[];
  readonly modules: readonly ModuleModel[];
  readonly leftOut: readonly LeftOut[];
  readonly budget: {
    readonly deadlineMs: number;
    readonly concurrency: number;
    readonly queue: number;
    /** How the numbers follow. */
    readonly formula: string;
  };
  readonly port: number;
}

/** Roles whose holders look after what belongs to others. */
export const keeperRoles = /admin|operator|manager|support|staff|moderator|auditor/;

/** The entity of a module by its key. */
export function entityOf(module: ModuleModel, key: string): EntityModel {
  return module.entities.find((entity) => entity.key === key)!;
}
