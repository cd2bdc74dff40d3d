import type { Block } from "./blocks.ts";
import { plain } from "./blocks.ts";

/** Is a thing that a document names, with the place that names it first. */
export interface Found {
  /** As the document writes it. */
  readonly name: string;
  /** A name for code in lower case with `_`, or none where the document has no English one. */
  readonly key?: string;
  /** Offset in the document. */
  readonly start: number;
  readonly quote: string;
  /** The rule by which it was found. */
  readonly rule: string;
}

/** Makes a thing out of a part of a block. */
export function found(block: Block, { name, rule }: { readonly name: string; readonly rule: string }): Found {
  const clean = plain(name)
    .replace(/[:：,，。.;；]+$/, "")
    .trim();
  const at = Math.max(block.text.indexOf(name), 0);
  const key = keyOf(clean);
  return {
    name: clean,
    ...(key === undefined ? {} : { key }),
    start: block.start + at,
    quote: block.text.slice(at, at + name.length),
    rule,
  };
}

/** Returns the English name for code: of "客户（Customer）" it is `customer`. */
export function keyOf(name: string): string | undefined {
  const inner = /[（(]\s*(?<inner>[A-Za-z][\w -]*?)\s*[)）]/.exec(name)?.groups?.inner;
  const english = /\p{Script=Han}/u.test(name) ? inner : name.replace(/[（(].*$/, "");
  const key = english
    ?.replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z\d]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .toLowerCase();
  return key === undefined || !/^[a-z]/.test(key) || key.length > 40 ? undefined : key;
}

/** What two things have in common that are the same: one and many of a name are. */
export function idOf({ name, key }: Pick<Found, "name" | "key">): string {
  return (key ?? name).toLowerCase().replace(/s$/, "");
}

/** Leaves out what was found before under the same name. */
export function unique<F extends Found>(all: readonly F[]): readonly F[] {
  const names = new Set<string>();
  return all.filter((one) => {
    const id = idOf(one);
    if (one.name === "" || names.has(id)) return false;
    names.add(id);
    return true;
  });
}
