import type { Finding } from "../finding.ts";
import type { ModuleOf } from "../project/modules.ts";
import type { Declared } from "../project/operations.ts";
import { shortestWay } from "../project/reach.ts";
import { shortestRings } from "./boundaries.ts";
import type { Context } from "./context.ts";

interface Reaction {
  readonly from: ModuleOf;
  readonly into: ModuleOf;
  readonly event: string;
  readonly reaction: Declared;
  readonly file: string;
  readonly line: number;
}

/** Finds modules that react to each other's events, directly or in a ring. */
export function checkEventLoops(context: Context): readonly Finding[] {
  const reactions = context.operations.all
    // tidy-allow: a kind is here the name of a function in the text of a project, and no operation is there to ask.
    .filter(({ kind }) => kind === "subscription" || kind === "projection")
    .flatMap((one) => reactionsOf(one, context));
  return shortestRings(reactions, ({ name }) => name).map((ring) => ({
    ...{ rule: "event-loop", file: ring[0]!.file, line: ring[0]!.line },
    ...{ who: ring[0]!.into.name, what: [...ring.map(({ from }) => from.name), ring[0]!.from.name].join(" → ") },
    path: ring.map(({ file, line, event, reaction }) => ({ file, line, name: `${event} → ${reaction.name}` })),
  }));
}

function reactionsOf(reaction: Declared, context: Context): readonly Reaction[] {
  const on = context.operations.property(reaction, "on");
  if (on === undefined || reaction.module === undefined) return [];
  const { place, property } = on;
  return eventsOf(context, { file: place.file, references: property.references }).flatMap((event) => {
    const from = event.module ?? context.project.modules.find(({ name }) => event.name.startsWith(`${name}.`));
    if (from === undefined || from === reaction.module) return [];
    return [{ from, into: reaction.module!, event: event.name, reaction, file: place.file.path, line: property.line }];
  });
}

/** The events that names lead to, also through lists. */
function eventsOf({ project, operations }: Context, start: Parameters<typeof shortestWay>[0]): readonly Declared[] {
  const events = new Set<Declared>();
  shortestWay(start, {
    project,
    stops: ({ declaration }) => operations.of(declaration) !== undefined,
    found(_, { place }) {
      const declared = place && operations.of(place.declaration);
      if (declared?.kind === "event") events.add(declared);
      return undefined;
    },
  });
  return [...events];
}
