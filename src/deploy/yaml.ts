import assert from "node:assert";
import { Document } from "yaml";

/** Where a comment stands in a document, and what it says. */
export type Comment = readonly [path: readonly (string | number)[], text: string];

/** One document of YAML, with the reasons of its numbers. */
export interface Manifest {
  readonly object: object;
  readonly comments: readonly Comment[];
}

/** Writes documents of YAML, each number with its reason behind it. *Guarantees*: the same documents give the same bytes. */
export function writeYaml(manifests: readonly Manifest[]): string {
  return manifests.map(one).join("---\n");
}

function one({ object, comments }: Manifest): string {
  const document = new Document(withoutUndefined(object), { aliasDuplicateObjects: false });
  for (const [path, text] of comments) {
    const node = document.getIn(path, true) as { comment?: string; commentBefore?: string } | undefined;
    assert(node, `There is no value at ${path.join(".")} for the comment "${text}".`);
    node.comment = ` ${text}`;
  }
  return document.toString({ lineWidth: 0 });
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, withoutUndefined(inner)]),
  );
}
