import type { DescribedGraphql, DescribedType } from "./description.ts";

/** Finds the types that have another name now: those that are gone, where exactly one came that is the same but for names. */
export function renamedTypes({ types: before }: DescribedGraphql, { types: after }: DescribedGraphql): ReadonlyMap<string, string> {
  const gone = new Set(Object.keys(before).filter((name) => after[name] === undefined));
  const come = new Set(Object.keys(after).filter((name) => before[name] === undefined));
  const renamed = new Map<string, string>();
  for (const name of gone) {
    const text = textOf(before[name] as DescribedType, gone);
    const alike = [...come].filter((other) => textOf(after[other] as DescribedType, come) === text);
    if (alike.length === 1) renamed.set(name, alike[0] as string);
  }
  return renamed;
}

/** A type as text, in which all of these names are alike. */
function textOf(type: DescribedType, names: ReadonlySet<string>): string {
  const unnamed = (text: string) => text.replaceAll(/\w+/g, (word) => (names.has(word) ? "?" : word));
  const { form, values = [], members = [], fields = {} } = type;
  return JSON.stringify([form, values, members.map(unnamed), Object.entries(fields).map(([name, of]) => [name, unnamed(of)])]);
}
