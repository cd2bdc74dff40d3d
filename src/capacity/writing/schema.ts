import { figureNames } from "../planning/plan.ts";

const text = { type: "string" } as const;
const number = { type: "number" } as const;
const list = (items: object) => ({ type: "array", items });
const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
  properties,
});
const positive = { type: "number", exclusiveMinimum: 0 } as const;
const whole = { type: "integer", minimum: 0 } as const;

const operation = object({
  ...{
    name: text,
    share: { type: "number", minimum: 0, maximum: 1 },
    loopMs: number,
    heldLoopMs: number,
    databaseMs: number,
    heldMs: number,
  },
  upstreams: { type: "object", additionalProperties: number },
  ...{ slots: whole, queue: whole, deadlineMs: positive, variation: number },
});
const kinds = ["loop", "pool", "slots", "upstream", "postgres"];

/** The JSON Schema of `plan.json`. */
export const planSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "The capacity plan that plimsoll makes of a design",
  ...object(
    {
      ...{ $schema: text, format: { const: 1 }, title: text, language: { enum: ["en", "zh"] }, file: text },
      ...{ basis: { enum: ["assumed", "measured"] }, deadlineMs: positive, operations: list(operation) },
      scales: list(
        object({
          times: positive,
          figures: list(
            object({
              name: { enum: figureNames },
              value: number,
              unit: { enum: ["per-second", "ms", "count", "mib", "gb-per-year"] },
              ...{ formula: text, from: list(text), source: text },
            }),
          ),
          stations: list(object({ station: { enum: kinds }, name: text, most: positive, used: number }, ["name"])),
        }),
      ),
      breaks: list(object({ resource: { enum: [...kinds, "connections", "storage"] }, times: number, formula: text })),
      models: object(
        {
          queueing: number,
          little: number,
          usl: object({ single: number, contention: number, crosstalk: number, peak: { type: ["number", "null"] } }),
        },
        ["usl"],
      ),
      costs: list(object({ driver: { enum: ["app-cores", "postgres-cores", "memory", "storage"] }, value: number, formula: text })),
      assumed: list(object({ name: text, value: number })),
    },
    ["$schema"],
  ),
};
