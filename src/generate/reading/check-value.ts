/** What is wrong with a value, and where: a path as in `entities.0.name`. */
export interface ValueProblem {
  readonly path: string;
  readonly expected: string;
}

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean;
  readonly items?: SchemaNode;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Compares a value with a JSON Schema. *Bounds*: the words that the schema of a design has; the first 20 problems. */
export function checkValue(value: unknown, schema: object, path = ""): readonly ValueProblem[] {
  return problems(value, schema as SchemaNode, path).slice(0, 20);
}

function problems(value: unknown, schema: SchemaNode, path: string): readonly ValueProblem[] {
  const wrong = (expected: string): readonly ValueProblem[] => [{ path, expected }];
  if (schema.const !== undefined) return value === schema.const ? [] : wrong(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : wrong(schema.enum.map((one) => JSON.stringify(one)).join(" | "));
  if (schema.type === "array") {
    if (!Array.isArray(value)) return wrong("[ … ]");
    return value.flatMap((item, index) => problems(item, schema.items ?? {}, below(path, String(index))));
  }
  if (schema.type === "object")
    return typeof value === "object" && value !== null && !Array.isArray(value) ? members(value, schema, path) : wrong("{ … }");
  if (schema.type === "number" || schema.type === "integer") return isNumber(value, schema) ? [] : wrong(numberText(schema));
  return schema.type === undefined || typeof value === schema.type ? [] : wrong(schema.type);
}

function members(
  value: object,
  { required = [], properties = {}, additionalProperties }: SchemaNode,
  path: string,
): readonly ValueProblem[] {
  const has = new Map(Object.entries(value));
  return [
    ...required.filter((name) => !has.has(name)).map((name) => ({ path, expected: `"${name}"` })),
    ...[...has].flatMap(([name, member]) => {
      const schema = properties[name];
      if (schema !== undefined) return problems(member, schema, below(path, name));
      return additionalProperties === false ? [{ path: below(path, name), expected: Object.keys(properties).join(" | ") }] : [];
    }),
  ];
}

function isNumber(value: unknown, { type, minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity }: SchemaNode): boolean {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  return (type === "number" || Number.isInteger(value)) && value >= minimum && value <= maximum && value > exclusiveMinimum;
}

function numberText({ type, minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const bounds = [
    ...(minimum === undefined ? [] : [`≥ ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`≤ ${maximum}`]),
  ];
  return [type, ...bounds].join(" ");
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
