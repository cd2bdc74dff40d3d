import { Fault } from "../fault.ts";
import type { JsonSchema, Schema } from "./standard.ts";
import type { ZodSchema } from "./zod.ts";

interface Wanted {
  readonly name: string;
  readonly side: "input" | "output";
  readonly required: boolean;
}

interface Unrepresentable {
  readonly zodSchema: ZodSchema;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What to write where a type of Zod has no JSON form. */
const fixes: Readonly<Record<string, string>> = {
  date: "Use z.iso.datetime(), an ISO string",
  bigint: "Use z.int(), or a string of digits",
  map: "Use z.record()",
  set: "Use z.array()",
  symbol: "Use z.enum()",
  function: "Leave it out",
  undefined: "Make the field optional, or use z.object({}) for nothing at all",
  void: "Use z.object({}) for nothing at all",
  nan: "Use z.null()",
  transform: "Say what comes out: .transform(…).pipe(schema)",
  custom: "Say what it looks like: schema.refine(…) on one of the other types",
};

/**
 * Reads one document of a schema, without its `$schema`. Where it is not required, what has no JSON form is `{}`, anything.
 * *Faults thrown*: `failed_precondition`, naming every place that has no JSON form.
 */
export function readDocument(schema: Schema, { name, side, required }: Wanted): JsonSchema {
  const read = schema["~standard"].jsonSchema?.[side];
  const refused: string[] = [];
  const options = {
    target: "draft-2020-12",
    // An option of Zod: it calls this for each part without a JSON form instead of throwing at the first, so that all are named at once.
    libraryOptions: {
      unrepresentable: (found: Unrepresentable) => {
        refused.push(refusal(found));
        return {};
      },
    },
  } as const;
  let why = "its library gives no JSON Schema. Wrap it with adaptSchema(schema, { input, output })";
  try {
    if (read !== undefined) {
      const { $schema: _, ...document } = read(options);
      if (refused.length === 0 || !required) return withoutSecretValues(document) as JsonSchema;
      why = refused.join("; ");
    }
  } catch (error) {
    why = `${String(error instanceof Error ? error.message : error)}. Use a type that JSON has, or wrap it with adaptSchema(schema, { input, output })`;
  }
  if (!required) return {};
  throw new Fault({ code: "failed_precondition", type: "no_json_form", message: `${name} has no JSON form: ${why}.` });
}

function refusal({ zodSchema, path, message }: Unrepresentable): string {
  const { def } = zodSchema._zod;
  const place = path.filter((part, index) => part !== "properties" || path[index - 1] === "properties").join("/");
  const fix = fixes[String(def.type)] ?? "Use a type that JSON has";
  return `/${place}: ${message.replace(/\.$/, "")}. ${fix}`;
}

/** A default or an example of a secret is one too. */
function withoutSecretValues(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSecretValues);
  if (typeof node !== "object" || node === null) return node;
  const hidden = "x-secret" in node && node["x-secret"] === true;
  const entries = Object.entries(node).filter(([key]) => !hidden || (key !== "default" && key !== "examples" && key !== "example"));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutSecretValues(value)]));
}
