/** The words of a name in any case. */
function wordsOf(name: string): readonly string[] {
  const spaced = name
    .normalize("NFKD")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return spaced.match(/[A-Za-z0-9]+/g) ?? [];
}

/** A name as a field has it: `order_id`. *Default*: `field`, where nothing of it can stand in an identifier. */
export function snakeCase(name: string): string {
  const words = wordsOf(name).map((word) => word.toLowerCase());
  const text = words.length === 0 ? "field" : words.join("_");
  return /^[0-9]/.test(text) ? `_${text}` : text;
}

/** A name as a message has it: `OrderId`. *Default*: `Value`. */
export function pascalCase(name: string): string {
  const text = wordsOf(name)
    .map((word) => (word[0] as string).toUpperCase() + word.slice(1).toLowerCase())
    .join("");
  if (text === "") return "Value";
  return /^[0-9]/.test(text) ? `V${text}` : text;
}

/** A name as a value of an enum has it: `ORDER_ID`. *Default*: `OTHER`. */
export function upperCase(name: string): string {
  const words = wordsOf(name).map((word) => word.toUpperCase());
  return words.length === 0 ? "OTHER" : words.join("_");
}

/** The name that protobuf's JSON gives a field. *Source*: the ProtoJSON format. */
export function jsonNameOf(name: string): string {
  return name.replaceAll(/_+([a-z0-9A-Z]?)/g, (_all, next: string) => next.toUpperCase());
}

/** Gives each name once: a name that is taken gets a number. */
export class Names {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
