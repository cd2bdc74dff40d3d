import { posix } from "node:path";
import type { Problem } from "./problem.ts";
import type { Import, Source } from "./source.ts";

/** The folders of src from the bottom to the top: each may import what stands in a lower row, and its own row where that is not of edges. */
const rows: readonly (readonly string[])[] = [
  ["core"],
  ["resilience"],
  ["operation"],
  ["pipeline"],
  ["tasks", "schedules", "locks", "sagas", "events", "messaging", "audit"],
  ["surface", "app", "protobuf"],
  [
    "http",
    "auth",
    "postgres",
    "kysely",
    "drizzle",
    "redis",
    "telemetry",
    "graphql",
    "grpc",
    "mcp",
    "nats",
    "kafka",
    "rabbitmq",
    "webhooks",
    "vault",
    "search",
    "streams",
    "upstream",
    "client",
    "remote",
  ],
  // Starts a server, and gives its address to the edge "postgres".
  ["embedded"],
  ["testing", "load", "console", "generate", "ports", "check", "contracts", "design", "capacity", "deploy", "monitor", "cli"],
];
const edgeRow = 6;
const rank = new Map(rows.flatMap((row, index) => row.map((folder) => [folder, index] as const)));
const order = rows.map((row) => (row.length > 1 ? `{${row.slice(0, 5).join(", ")}}` : row[0])).join(" <- ");

/** Folders below the edges that have a door of their own: what is in them works without an app. */
const ownDoors: ReadonlySet<string | undefined> = new Set(["resilience"]);

/** The files by which users come in: src/index.ts, and the index.ts of an edge, of what stands above, or of {@link ownDoors}. */
export function isFrontDoor(path: string): boolean {
  const match = /^src\/(?:([^/]+)\/)?index\.ts$/.exec(path);
  return match !== null && (match[1] === undefined || ownDoors.has(match[1]) || (rank.get(match[1]) ?? -1) >= edgeRow);
}

/** Where a relative import leads, or `undefined` for a package. */
export function target(source: Source, { specifier }: Import): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(source.path), specifier) : undefined;
}

/** Checks that imports go down, that edges do not meet, and that no file inside imports a front door. Imports of types count. */
export function checkLayers(source: Source): Problem[] {
  return source.imports.flatMap((imported) => {
    const found = checkImport(source, imported);
    return found ? [{ file: source.path, line: imported.line, ...found }] : [];
  });
}

type Found = Pick<Problem, "rule" | "message"> | undefined;

function checkImport(source: Source, imported: Import): Found {
  const { path } = source;
  const to = target(source, imported);
  if (path.startsWith("examples/")) {
    if (!to || to.startsWith("examples/")) return undefined;
    return { rule: "front-door", message: `An example imports ${imported.specifier}. Import "plimsoll" or "plimsoll/…", as a user does.` };
  }
  if (!path.startsWith("src/")) return undefined;
  const itself = imported.specifier === "plimsoll" || imported.specifier.startsWith("plimsoll/");
  if (itself || (to && isFrontDoor(to)))
    return { rule: "front-door", message: `${imported.specifier} is a door for users. Import the file that declares the name.` };
  if (!to) return undefined;
  if (!to.startsWith("src/")) return { rule: "layer", message: `src imports ${to}, which is not published. Move what it needs into src.` };
  // A front door may open every room that it shows.
  if (isFrontDoor(path) && (path === "src/index.ts" || imported.form === "re-export")) return undefined;
  return checkFolders(path, to);
}

function checkFolders(path: string, to: string): Found {
  const [from, into] = [path, to].map((file) => file.split("/")[1] ?? "") as [string, string];
  const [fromRank, intoRank] = [rank.get(from), rank.get(into)];
  if (fromRank === undefined || intoRank === undefined) {
    const unknown = fromRank === undefined ? path : to;
    return {
      rule: "layer",
      message: `${unknown} lies in no layer. Move it into one, or give its folder a row in test/tidy/layers.ts: ${order}.`,
    };
  }
  if (from === into || intoRank < fromRank) return undefined;
  if (intoRank > fromRank)
    return {
      rule: "layer",
      message: `${from} imports ${to}, which stands above it. Move what it needs down, or ask for it through a port: ${order}.`,
    };
  if (fromRank !== edgeRow) return undefined;
  return {
    rule: "edges-meet",
    message: `The edge ${from} imports ${to} of another edge. Move what both need down, or let the application pass it in.`,
  };
}

/** Finds rings of files that load each other, of any length: an import of types is erased, and `import()` runs later. `imports/rings.ts` counts all imports. */
export function checkCycles(sources: readonly Source[]): Problem[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const problems: Problem[] = [];
  const walk = (source: Source, trail: readonly string[]): void => {
    done.add(source.path);
    for (const imported of source.imports) {
      const to = target(source, imported);
      const next = to === undefined || imported.typeOnly || imported.form === "dynamic" ? undefined : byPath.get(to);
      if (!next) continue;
      const path = [...trail, source.path];
      const start = path.indexOf(next.path);
      if (start !== -1) problems.push(cycle(source.path, imported.line, [...path.slice(start), next.path]));
      else if (!done.has(next.path)) walk(next, path);
    }
  };
  for (const source of sources) if (!done.has(source.path)) walk(source, []);
  return problems;
}

function cycle(file: string, line: number, ring: readonly string[]): Problem {
  const message = `These load each other: ${ring.join(" -> ")}. Move what they share into a file of its own.`;
  return { file, line, rule: "cycle", message };
}
