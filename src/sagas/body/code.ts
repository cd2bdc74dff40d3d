import { limits } from "../../core/limits.ts";

/** What the text of a body says of the names of its steps: all texts in it, and the beginnings of those that are put together. */
export interface CodeNames {
  readonly names: ReadonlySet<string>;
  readonly beginnings: readonly string[];
}

const mostNames = 1_000;
const literal = /"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g;

/** Reads the texts of a function. A name that is made elsewhere is not among them. */
export function namesOf(text: string): CodeNames {
  const names = new Set<string>();
  const beginnings = new Set<string>();
  for (const [, double, single, template] of text.matchAll(literal)) {
    if (names.size + beginnings.size >= mostNames) break;
    const found = double ?? single ?? template ?? "";
    const cut = template === undefined ? -1 : found.indexOf("${");
    const kept = cut < 0 ? found : found.slice(0, cut);
    if (kept === "" || kept.length > limits.sagaStepChars) continue;
    (cut < 0 ? names : beginnings).add(kept);
  }
  return { names, beginnings: [...beginnings] };
}

/** As it is kept with the code: beginnings end with a star. */
export function writeNames({ names, beginnings }: CodeNames): readonly string[] {
  return [...names, ...beginnings.map((beginning) => `${beginning}*`)];
}

/** Reads what {@link writeNames} wrote. */
export function readNames(kept: readonly string[]): CodeNames {
  return {
    names: new Set(kept.filter((name) => !name.endsWith("*"))),
    beginnings: kept.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1)),
  };
}

/** Whether a code may have a step of that name. */
function hasName({ names, beginnings }: CodeNames, name: string): boolean {
  return names.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}

/**
 * Finds recorded steps of which one may have got a new name: the code asks for a step that the earlier code did not have, and has steps no more that are recorded.
 * `unasked`: what is recorded and was not asked for so far. Returns none where the difference is harmless.
 */
export function mayBeRenamed(
  name: string,
  unasked: readonly string[],
  { before, now }: { readonly before: CodeNames; readonly now: CodeNames },
): readonly string[] {
  if (hasName(before, name)) return [];
  return unasked.filter((recorded) => !hasName(now, recorded));
}
