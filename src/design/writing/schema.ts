const text = { type: "string" } as const;
const number = { type: "number" } as const;
const both = { type: "object", required: ["en", "zh"], additionalProperties: false, properties: { en: text, zh: text } } as const;
const list = (items: object) => ({ type: "array", items });
const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: "object",
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
  properties,
});
const source = object({ file: text, line: { type: "integer", minimum: 1 }, column: { type: "integer", minimum: 1 }, quote: text });
const choice = object({ name: text, because: both, knowledge: text });
const found = (more: Readonly<Record<string, object>>, optional: readonly string[]) =>
  object({ name: text, key: text, rule: text, source, ...more }, ["key", ...optional]);
const column = object(
  { name: text, type: text, isRequired: { type: "boolean" }, references: text, values: list(text), least: number, most: number },
  ["references", "values", "least", "most"],
);
const quantity = object(
  {
    measure: text,
    value: number,
    upper: number,
    unit: { enum: ["count", "ms", "percent", "bytes", "bits"] },
    bound: { enum: ["exactly", "at-least", "at-most", "about"] },
    windowMs: number,
    subject: text,
    statistic: text,
    load: { enum: ["peak", "sustained", "average"] },
    per: text,
    active: text,
  },
  ["upper", "windowMs", "subject", "statistic", "load", "per", "active"],
);

/** The JSON Schema of `design.json`. */
export const designSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "The design that plimsoll makes of a PRD",
  ...object(
    {
      $schema: text,
      format: { const: 1 },
      title: text,
      language: { enum: ["en", "zh"] },
      file: text,
      understood: object({
        share: { type: "number", minimum: 0, maximum: 1 },
        unread: list(object({ from: number, to: number })),
        more: number,
      }),
      needs: list(
        object(
          {
            id: text,
            status: { enum: ["stated", "derived", "assumed", "missing", "conflict"] },
            quantity,
            source,
            rule: text,
            topic: text,
            phase: text,
          },
          ["phase"],
        ),
      ),
      notUsed: list(object({ context: text, rule: text, source })),
      entities: list(found({ fields: list(text), columns: list(column), uniques: list(list(text)) }, ["columns", "uniques"])),
      roles: list(found({}, [])),
      operations: list(
        found({ kind: { enum: ["http", "story", "feature"] }, method: text, path: text, role: text }, ["method", "path", "role"]),
      ),
      work: list(found({ cron: text, after: text }, ["cron", "after"])),
      concerns: list(object({ name: text, count: number, source })),
      contexts: list(object({ name: text, entities: list(text), operations: list(text) })),
      load: object({ peak: number, mean: number, status: { enum: ["stated", "derived", "missing"] }, formula: text, from: list(text) }),
      deadlineMs: { type: "number", exclusiveMinimum: 0 },
      concurrency: object({ value: number, formula: text }),
      scales: list(
        object({ times: number, peak: number, replicas: number, uses: list(object({ resource: text, share: number, formula: text })) }),
      ),
      firstToGiveOut: object({ resource: text, times: number }),
      stack: list(choice),
      refusals: list(choice),
      consistency: list(choice),
      risks: list(both),
      assumptions: list(object({ code: text, value: text, changes: both })),
      answers: list(object({ code: text, value: text, from: text })),
      questions: list(
        object({ code: text, blocks: { type: "boolean" }, asks: both, default: text, changes: both, effect: number, needs: list(text) }),
      ),
    },
    ["$schema"],
  ),
};
