import type { Design } from "../../design/planning/design.ts";
import type { FieldForm, FieldModel } from "./model.ts";
import { camel, columnName } from "./names.ts";
import { withType } from "./stated-columns.ts";

/** Which form a field is, by its name. The first that fits decides. */
const kinds: readonly (readonly [RegExp, FieldForm])[] = [
  [/(?:^|_)(?:at|time|timestamp)$|^(?:deadline|expires|expiry)$/, "moment"],
  [/(?:^|_)(?:date|day|birthday)$/, "day"],
  [
    /^(?:is|has|can|allow|allows)_|^(?:active|enabled|verified|published|archived|visible|completed|paid|deleted|required|default_value)$/,
    "flag",
  ],
  [/(?:^|_)(?:price|amount|total|subtotal|balance|cost|fee|cents|salary|revenue|discount|tax|deposit)$/, "money"],
  [
    /(?:^|_)(?:stock|quantity|qty|count|number_of_\w+|age|size|capacity|level|priority|rank|position|year|month|rating|stars|points|attempts|retries|port|minutes|seconds|hours|days)$/,
    "count",
  ],
  [
    /(?:^|_)(?:value|threshold|temperature|humidity|pressure|latitude|longitude|lat|lng|rate|ratio|percentage|percent|weight|height|width|length|distance|speed|score)$/,
    "real",
  ],
  [/(?:^|_)email$|^email_address$/, "email"],
  [/(?:^|_)(?:url|link|website|homepage)$/, "url"],
  [/^(?:tags|labels|keywords|categories|scopes|skills)$/, "list"],
  [/^(?:metadata|payload|config|configuration|settings|attributes|properties|data|details|extra|options|context|preferences)$/, "object"],
  [/(?:^|_)(?:description|content|body|text|notes?|comment|message|summary|bio|details|reason|instructions)$/, "long-text"],
];

/** What the platform keeps itself, and what no caller sends. */
const system =
  /^(?:id|uuid|pk|created_at|updated_at|create_time|update_time|created|updated|created_date|updated_date|tenant_id|owner_id|created_by|updated_by|status|state)$/;
const ownerNames = /^(?:user|customer|owner|author|buyer|seller|vendor|member|creator|employee|student|client|account_holder|actor)_id$/;
const secrets = /pass(?:word|wd|code|phrase)|secret|token|api_?key|private_?key|cvv|cvc|card_?number|\bpin\b|salt|hash|otp|credential/;

/** How a name in the PRD's list of fields is read. */
export type ReadField = FieldModel | "system" | "owner" | "status" | "secret";

/** Works out the form of a field from its name. */
export function readField(given: string): ReadField {
  const column = columnName(given);
  if (/^(?:status|state)$/.test(given)) return "status";
  if (system.test(given)) return "system";
  if (ownerNames.test(given)) return "owner";
  if (secrets.test(given)) return "secret";
  const form = kinds.find(([pattern]) => pattern.test(given))?.[1] ?? (/_id$/.test(given) ? "reference" : "text");
  const named = form === "money" && !given.endsWith("_cents") ? `${given}_cents` : column;
  const isOptional = form === "long-text" || form === "list" || form === "object" || form === "url" || form === "flag";
  return { column: named, name: camel(named), form, isOptional };
}

/** Ids of other systems are no UUIDs. */
const foreignIds =
  /^(?:external|stripe|provider|trace|request|session|transaction|reference|open|union|app|device_serial|channel|third_party)_id$/;

/** What the PRD says of the fields of an entity. */
export type StatedFields = Pick<Design["entities"][number], "fields" | "columns" | "uniques">;

/** The fields of an entity, each column once: by the names that its PRD lists, and by their types where it states them in SQL. */
export function readFields(
  { fields: names, columns = [], uniques = [] }: StatedFields,
  isEntity: (key: string) => boolean = () => false,
): {
  readonly fields: readonly FieldModel[];
  readonly secret: readonly string[];
  readonly hasStatus: boolean;
  readonly statuses: readonly string[];
  readonly uniques: readonly (readonly string[])[];
  readonly lost: readonly string[];
} {
  const fields = new Map<string, FieldModel>();
  const places = new Map<string, string>([["tenant_id", ""]]);
  const secret: string[] = [];
  let status: string | undefined;
  for (const name of names) {
    const read = readField(name);
    if (read === "secret") secret.push(name);
    else if (read === "status") status = name;
    else if (read === "owner") places.set(name, "owner_id");
    else if (typeof read === "object" && fields.size < mostFields) {
      const column = columns.find((one) => one.name === name);
      const named = foreignIds.test(name) ? { ...read, form: "text" as const } : read;
      const field = column === undefined ? named : withType(named, column, isEntity);
      fields.set(field.column, field);
      places.set(name, field.column);
    }
  }
  const kept = keptUniques(uniques, { fields, places });
  return {
    fields: [...fields.values()].map((field) => (kept.varied.has(field.column) ? { ...field, isVaried: true } : field)),
    ...{ secret, hasStatus: status !== undefined, uniques: kept.uniques, lost: kept.lost },
    statuses: columns.find(({ name }) => name === status)?.values ?? [],
  };
}

const mostFields = 40;
/** Forms of which a sample can be made for each row. A reference is none: a list below another thing has several rows of it. */
const variable: ReadonlySet<FieldForm> = new Set(["text", "email", "url", "money", "count", "integer", "big-integer"]);

/** Constraints whose columns the code keeps, each with a column whose samples differ. */
function keptUniques(
  uniques: readonly (readonly string[])[],
  { fields, places }: { readonly fields: ReadonlyMap<string, FieldModel>; readonly places: ReadonlyMap<string, string> },
): { readonly uniques: readonly (readonly string[])[]; readonly varied: ReadonlySet<string>; readonly lost: readonly string[] } {
  const varied = new Set<string>();
  const lost: string[] = [];
  const kept = uniques.flatMap((names) => {
    const columns = names.map((name) => places.get(name)).filter((column) => column !== "");
    const own = columns.find((column) => column !== undefined && variable.has(fields.get(column)?.form ?? "flag"));
    if (own === undefined || columns.includes(undefined)) {
      lost.push(`unique (${names.join(", ")})`);
      return [];
    }
    varied.add(own);
    return [columns as readonly string[]];
  });
  return { uniques: kept, varied, lost };
}
