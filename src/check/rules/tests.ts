import { posix } from "node:path";
import type { Finding } from "../finding.ts";
import type { Declared } from "../project/operations.ts";
import type { Place } from "../project/project.ts";
import { shortestWay } from "../project/reach.ts";
import type { Context } from "./context.ts";

// tidy-allow: a kind is here the name of a function in the text of a project, and no operation is there to ask.
const needing: ReadonlySet<string> = new Set(["command", "query", "action", "task", "saga", "subscription"]);

/**
 * Finds operations that no test reaches: none names it by its name, its route or its export, and none that a test reaches calls or starts it, or emits an
 * event that it reacts to.
 */
export function checkTests(context: Context): readonly Finding[] {
  const { operations } = context;
  const said = readTests(context);
  const reached = new Set(operations.all.filter((operation) => isNamed(operation, said)));
  for (const file of context.project.sources) {
    const words = said.words.get(file.path);
    // What a test imports that is no operation, as a function that makes the app, may start some.
    for (const declaration of words === undefined ? [] : file.declarations)
      if (operations.kindOf(file, declaration) === undefined && declaration.names.some((name) => words!.has(name)))
        for (const next of namedBy([{ file, declaration }], context)) reached.add(next);
  }
  const waiting = [...reached];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop())
    for (const next of reachedBy(one, context))
      if (!reached.has(next)) {
        reached.add(next);
        waiting.push(next);
      }
  return operations.all
    .filter((operation) => needing.has(operation.kind) && operation.module !== undefined && !reached.has(operation))
    .map(({ kind, name, place, module }) => ({
      ...{
        rule: "untested-contract",
        file: place.file.path,
        line: place.declaration.line,
        who: module!.name,
        what: `${kind} ${name}`,
        path: [],
      },
    }));
}

interface Said {
  /** Texts with a dot, which names of operations have. */
  readonly names: ReadonlySet<string>;
  /** Paths in texts, in segments; what a test puts into one is empty. */
  readonly routes: ReadonlyMap<number, readonly (readonly string[])[]>;
  /** The words of the tests that import a file, by its path. */
  readonly words: ReadonlyMap<string, ReadonlySet<string>>;
}

function readTests({ project, root }: Context): Said {
  const names = new Set<string>();
  const routes = new Map<string, readonly string[]>();
  const words = new Map<string, Set<string>>();
  for (const [path, text] of project.tests) {
    for (const [, name] of text.matchAll(/["'`]([a-z][\w-]*(?:\.[\w-]+)+)["'`]/g)) names.add(name!);
    for (const [, route] of text
      .replaceAll(/\$\{[^{}]*\}/g, "\ue000")
      .matchAll(/["'`](?:[A-Z]+ )?(?:https?:\/\/[^/"'`\s]*|\ue000)?(\/[^"'`\s?#]*)/g))
      routes.set(
        route!,
        route!.split("/").map((segment) => (segment.includes("\ue000") ? "" : segment)),
      );
    const own = new Set(text.match(/[A-Za-z_$][\w$]*/g));
    for (const [, specifier] of text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)) {
      const file = posix.relative(root, posix.resolve(root, posix.dirname(path), specifier!));
      const known = words.get(file);
      words.set(file, new Set([...(known ?? []), ...own]));
    }
  }
  return { names, words, routes: Map.groupBy(routes.values(), ({ length }) => length) };
}

function isNamed(operation: Declared, { names, routes, words }: Said): boolean {
  if (names.has(operation.name)) return true;
  if (operation.parts.some(({ file, declaration }) => declaration.names.some((name) => words.get(file.path)?.has(name)))) return true;
  const route = operation.place.declaration.properties.get("http")?.text ?? "";
  const segments = route.slice(route.indexOf("/")).split("/");
  const isParameter = (segment: string) => segment.startsWith("{");
  return (
    route.includes("/") &&
    (routes.get(segments.length) ?? []).some((given) =>
      given.every((segment, at) => isParameter(segments[at]!) || segment === "" || segment === segments[at]),
    )
  );
}

/** The operations and events that declarations name, through functions and variables. */
function namedBy(places: readonly Place[], { project, operations }: Context): ReadonlySet<Declared> {
  const found = new Set<Declared>();
  for (const { file, declaration } of places)
    shortestWay(
      { file, references: declaration.references },
      {
        project,
        stops: ({ file, declaration }) => operations.kindOf(file, declaration) !== undefined,
        found(_, { place }) {
          const next = place && operations.of(place.declaration);
          // A module names all that it has, which says nothing.
          if (next !== undefined && next.kind !== "module") found.add(next);
          return undefined;
        },
      },
    );
  return found;
}

/** What an operation calls, starts or emits, and what reacts to what it emits. */
function reachedBy(operation: Declared, context: Context): readonly Declared[] {
  const { project, operations } = context;
  const found = namedBy(operation.parts, context);
  if (operation.kind !== "event") return [...found];
  return operations.all.filter((one) => {
    const on = operations.property(one, "on");
    return on?.property.references.some((reference) => {
      const target = project.follow(on.place.file, reference);
      return target !== undefined && "place" in target && target.place.declaration === operation.place.declaration;
    });
  });
}
