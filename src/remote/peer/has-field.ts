/** Whether a value has a field somewhere, by its path as in `.lines[].note` and `.prices{}.cents`. */
export function hasField(value: unknown, path: string): boolean {
  const [, step, rest = ""] = /^(\.[^.[{]+|\[\]|\{\})(.*)$/.exec(path) ?? [];
  if (step === undefined) return value !== undefined;
  if (typeof value !== "object" || value === null) return false;
  if (step === "[]") return Array.isArray(value) && value.some((item) => hasField(item, rest));
  if (step === "{}") return Object.values(value).some((item) => hasField(item, rest));
  return hasField((value as Record<string, unknown>)[step.slice(1)], rest);
}
