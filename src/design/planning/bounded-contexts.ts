import type { Requirements } from "../reading/read-requirements.ts";

/** Is a part of the service that owns its data: a module of the code. */
export interface BoundedContext {
  /** In lower case with `_`. */
  readonly name: string;
  readonly entities: readonly string[];
  readonly operations: readonly string[];
}

const most = 12;

/** Divides entities and operations into contexts: by the first part of their routes, then by the entities that they name. The rest is `core`. */
export function boundedContexts({ entities, operations }: Requirements): readonly BoundedContext[] {
  const groups = new Map<string, { entities: string[]; operations: string[] }>();
  const group = (name: string) => {
    const known = [...groups.keys()].find((key) => stem(key) === stem(name));
    const key = known ?? (groups.size < most - 1 ? name : "core");
    if (!groups.has(key)) groups.set(key, { entities: [], operations: [] });
    return groups.get(key)!;
  };
  for (const { path } of operations) {
    const name = path === undefined ? undefined : firstPart(path);
    if (name !== undefined) group(name);
  }
  for (const { name, key } of entities) group(key ?? "core").entities.push(key ?? name);
  for (const { name, path } of operations) {
    const part = path === undefined ? undefined : firstPart(path);
    const owner = part ?? entities.find((entity) => mentions(name, entity))?.key;
    group(owner ?? "core").operations.push(name);
  }
  return [...groups].map(([name, rest]) => ({ name, ...rest }));
}

function stem(name: string): string {
  return name.replace(/ies$/, "y").replace(/s$/, "");
}

function firstPart(path: string): string | undefined {
  const part = path.split("/").find((one) => /^[a-z][\w-]*$/i.test(one) && !/^(?:api|v\d+|rest|public|internal|admin)$/i.test(one));
  return part?.replaceAll("-", "_").toLowerCase();
}

function mentions(text: string, { name, key }: { readonly name: string; readonly key?: string }): boolean {
  const short = name.replace(/[（(].*$/, "").replace(/表$/, "");
  return (
    (short.length > 1 && text.toLowerCase().includes(short.toLowerCase())) ||
    (key !== undefined && key.length > 3 && text.toLowerCase().includes(stem(key.replaceAll("_", " "))))
  );
}
