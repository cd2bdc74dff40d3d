import type { DomainEvent } from "../operation/events/event.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { EventDocumentSpec } from "./asyncapi.ts";

/** Something that sends events, or receives them. */
interface Flow {
  readonly action: "send" | "receive";
  readonly name: string;
  readonly kind: string;
  readonly module: string;
  readonly summary: string | undefined;
  readonly events: readonly DomainEvent[];
}

/** The operations of a document of events, by their ids: one for each operation of the app and each channel that it sends to or receives from. */
export function describeFlows({ operations, projections }: Omit<EventDocumentSpec, "service">): Map<string, object> {
  const flows: Flow[] = [...operations.values()].flatMap(flowsOf);
  for (const { projection, module } of projections.values()) {
    const { name, kind, summary, on } = projection;
    flows.push({ action: "receive", name, kind, module, summary, events: on });
  }
  return new Map(flows.flatMap((flow) => [...Map.groupBy(flow.events, ({ name }) => name)].map((channel) => describe(flow, channel))));
}

function flowsOf({ name, kind, module, operation: { spec } }: CompiledOperation): Flow[] {
  const { emits = [], streams = [], on = [], summary } = spec;
  const appended = streams.flatMap(({ decider }) => decider.events as readonly DomainEvent[]);
  const sent = [...new Set([...emits, ...appended])];
  const flow = { name, kind, module, summary };
  return [
    ...(sent.length > 0 ? [{ ...flow, action: "send" as const, events: sent }] : []),
    ...(on.length > 0 ? [{ ...flow, action: "receive" as const, events: on }] : []),
  ];
}

function describe({ action, name, kind, module, summary }: Flow, [channel, versions]: [string, DomainEvent[]]): [string, object] {
  const described = {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: versions.map(({ version }) => ({ $ref: `#/channels/${channel}/messages/v${version}` })),
    title: name,
    ...(summary !== undefined && { summary }),
    tags: [{ name: module }],
    "x-kind": kind,
  };
  // No name of an operation or of an event has an underscore.
  return [`${name}_${action}s_${channel}`, described];
}
