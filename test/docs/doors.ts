import { readFileSync } from "node:fs";

/** Where users come in, by the name that they import, and the file behind it. */
export const doors: Readonly<Record<string, string>> = {
  plimsoll: "src/index.ts",
  "plimsoll/http": "src/http/index.ts",
  "plimsoll/resilience": "src/resilience/index.ts",
  "plimsoll/auth": "src/auth/index.ts",
  "plimsoll/embedded": "src/embedded/index.ts",
  "plimsoll/postgres": "src/postgres/index.ts",
  "plimsoll/kysely": "src/kysely/index.ts",
  "plimsoll/drizzle": "src/drizzle/index.ts",
  "plimsoll/redis": "src/redis/index.ts",
  "plimsoll/telemetry": "src/telemetry/index.ts",
  "plimsoll/testing": "src/testing/index.ts",
  "plimsoll/load": "src/load/index.ts",
  "plimsoll/webhooks": "src/webhooks/index.ts",
  "plimsoll/streams": "src/streams/index.ts",
  "plimsoll/search": "src/search/index.ts",
  "plimsoll/vault": "src/vault/index.ts",
  "plimsoll/upstream": "src/upstream/index.ts",
};

/** The names of each door, types included. */
export function readDoors(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(doors).map(([door, file]) => [door, exportsOf(readFileSync(`${root}/${file}`, "utf8"))]));
}

function exportsOf(text: string): ReadonlySet<string> {
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list]) => list!);
  return new Set(lists.flatMap((list) => namesIn(list)));
}

function namesIn(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) =>
      name
        .trim()
        .replace(/^type /, "")
        .replace(/^.* as /, ""),
    )
    .filter((name) => name !== "");
}

/** A name and the door at which a text says that it is found. */
export interface Mention {
  readonly name: string;
  readonly door: string;
}

/** The names that code imports from Plimsoll. */
export function importsIn(code: string): readonly Mention[] {
  return [...code.matchAll(/import (?:type )?\{([^}]*)\} from "(plimsoll[\w/]*)"/g)].flatMap(([, list, door]) =>
    (list ?? "")
      .split(",")
      .map((name) =>
        name
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*$/, ""),
      )
      .filter((name) => name !== "")
      .map((name) => ({ name, door: door! })),
  );
}

/** The names that prose places at a door, as in: `a`, `b` and `c` from `plimsoll/testing`. */
export function mentionsIn(prose: string): readonly Mention[] {
  return [...prose.matchAll(/((?:`\w+`(?:, | and | 和 |、)?)+) (?:from|来自) `(plimsoll[\w/]*)`/g)].flatMap(([, list, door]) =>
    [...list!.matchAll(/`(\w+)`/g)].map(([, name]) => ({ name: name!, door: door! })),
  );
}
