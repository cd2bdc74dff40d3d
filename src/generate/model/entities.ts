import type { Design } from "../../design/planning/design.ts";
import { readFields } from "./fields.ts";
import type { EntityModel, FieldModel, LeftOut } from "./model.ts";
import { camel, english, plural, singular, snake } from "./names.ts";

/** A module before its operations are known. */
export interface Draft {
  readonly name: string;
  readonly entities: EntityModel[];
}

/** What one person has of their own. All else is read by everyone in the tenant. */
const personal =
  /order|cart|payment|refund|invoice|bill|account|address|profile|message|notice|notification|booking|reservation|subscription|transaction|ledger|wallet|session|session|draft|favou?rite|wish|application|claim|prescription|appointment|note|difference|document|file|user|customer|member|merchant|employee|ticket|card|coupon|enrol|submission|log_entry|audit/;

/** Divides the entities of a design into modules: a part (`order_item`) lies with its whole, and all else as the design's contexts say. */
export function draftModules(design: Design): { readonly drafts: readonly Draft[]; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const keys = new Map<string, string>();
  for (const { name, key } of design.entities) {
    const found = key === undefined ? english(name) : singular(key);
    const own = found ?? `thing_${keys.size + 1}`;
    if (![...keys.values()].includes(own)) keys.set(key ?? name, own);
  }
  const drafts = new Map<string, Draft>();
  for (const [id, key] of keys) {
    const entity = design.entities.find((one) => (one.key ?? one.name) === id)!;
    const whole = wholeOf(key, [...keys.values()]);
    const context = design.contexts.find(({ entities }) => entities.includes(id));
    const named = whole ?? (context === undefined || context.name === "core" ? key : (snake(context.name) ?? key));
    const name = plural(singular(named));
    const place = `${entity.source.file}:${entity.source.line}`;
    const { fields, secret, hasStatus, statuses, uniques, lost } = readFields(entity, (other) => [...keys.values()].includes(other));
    for (const field of secret) leftOut.push({ name: `${entity.name}.${field}`, place, why: "secret" });
    for (const constraint of lost) leftOut.push({ name: `${entity.name}: ${constraint}`, place, why: "constraint" });
    const draft = drafts.get(name) ?? { name, entities: [] };
    drafts.set(name, draft);
    draft.entities.push({
      ...{ key, title: entity.name, table: plural(key) },
      fields: hasStatus ? [...fields, statusField(statuses)] : fields,
      ...{ uniques, ...(statuses.length > 0 && { stated: statuses }) },
      ...{ isShared: !personal.test(key), statuses: [], transitions: [] },
    });
  }
  return { drafts: [...drafts.values()].map(withParents), leftOut };
}

/** What an entity has whose status no operation of the PRD changes. */
function statusField(values: readonly string[]): FieldModel {
  const base = { column: "status", name: "status", isOptional: true } as const;
  return values.length > 0 ? { ...base, form: "choice", bounds: { values } } : { ...base, form: "text" };
}

function wholeOf(key: string, all: readonly string[]): string | undefined {
  return all.filter((other) => key.startsWith(`${other}_`)).toSorted((one, other) => one.length - other.length)[0];
}

/** The first field that names another entity of the module becomes a foreign key: its owner decides. */
function withParents({ name, entities }: Draft): Draft {
  return {
    name,
    entities: entities.map((entity) => {
      const whole = wholeOf(
        entity.key,
        entities.map(({ key }) => key).filter((key) => key !== entity.key),
      );
      const listed = entity.fields.some(({ column }) => column === `${whole}_id`);
      const fields = whole === undefined || listed ? entity.fields : [referenceTo(whole), ...entity.fields];
      const own = entities.filter(({ key }) => key !== entity.key).map(({ key }) => key);
      const at = fields.findIndex(({ column }) => own.includes(column.replace(/_id$/, "")) && column.endsWith("_id"));
      return {
        ...entity,
        fields: fields.map((field, index) => (index === at ? { ...field, parent: field.column.replace(/_id$/, "") } : field)),
      };
    }),
  };
}

/** A field that names a row of another entity. */
export function referenceTo(key: string): FieldModel {
  return { column: `${key}_id`, name: camel(`${key}_id`), form: "reference", isOptional: false };
}
