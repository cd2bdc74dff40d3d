import type { CompiledEvent } from "../pipeline/events/declared.ts";
import type { Registry } from "../pipeline/registry/registry.ts";
import { describeFlows } from "./asyncapi-operations.ts";
import { pascal } from "./openapi-names.ts";
import { SharedSchemas } from "./openapi-schemas.ts";

/** What a document of events is made of. */
export interface EventDocumentSpec extends Pick<Registry, "events" | "operations" | "projections"> {
  readonly service: { readonly name: string; readonly version: string };
}

/**
 * Describes the events of an app as one AsyncAPI 3 document: a channel for each event, a message for each version with the schema of its data, the operations that
 * send them (commands), and those that receive them (subscriptions and projections). Undefined where the app has no event.
 * *Guarantees*: the same modules in the same order give the same document, to the byte.
 * *Source*: AsyncAPI 3.0.0, JSON Schema 2020-12.
 * @example JSON.stringify(asyncApiDocument({ ...registry, service: { name: "shop", version: "1.0.0" } }))
 */
export function asyncApiDocument({ service, ...registry }: EventDocumentSpec): Record<string, unknown> | undefined {
  const { events } = registry;
  if (events.size === 0) return undefined;
  const schemas = new SharedSchemas();
  const headers = schemas.share("EventHeaders", headersSchema, "Plimsoll");
  const modules = [...new Set([...events.values()].map(({ module }) => module))];
  const messages = Object.fromEntries([...events.values()].map((one) => [messageId(one), describeMessage(one, { schemas, headers })]));
  return {
    asyncapi: "3.0.0",
    info: {
      ...{ title: service.name, version: service.version, description: introduction },
      tags: modules.map((name) => ({ name })),
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(channels(events.values())),
    operations: Object.fromEntries(describeFlows(registry)),
    components: { messages, schemas: schemas.toJson() },
  };
}

function channels(events: Iterable<CompiledEvent>): Map<string, object> {
  const byName = Map.groupBy(events, ({ event }) => event.name);
  return new Map(
    [...byName].map(([name, versions]) => {
      const { event, module } = versions[versions.length - 1] as CompiledEvent;
      const described = {
        address: name,
        ...(event.summary !== undefined && { title: event.summary }),
        messages: Object.fromEntries(versions.map((one) => [`v${one.event.version}`, { $ref: `#/components/messages/${messageId(one)}` }])),
        tags: [{ name: module }],
      };
      return [name, described];
    }),
  );
}

function describeMessage(
  { event, module, data, personal }: CompiledEvent,
  { schemas, headers }: { readonly schemas: SharedSchemas; readonly headers: object },
): object {
  const { name, version, summary, upcast = {} } = event;
  const schemaName = `${pascal(name)}V${version}`;
  const { root, shared } = schemas.adopt(data.outputJson, schemaName);
  const earlier = Object.keys(upcast).map(Number);
  return {
    name,
    title: `${name}, version ${version}`,
    ...(summary !== undefined && { summary }),
    contentType: "application/json",
    headers,
    payload: shared ?? schemas.share(schemaName, root, pascal(module)),
    correlationId: { location: "$message.header#/correlation", description: "The request that all of it began with." },
    tags: [{ name: module }],
    "x-version": version,
    // What was stored of these versions is brought to this one when it is read.
    ...(earlier.length > 0 && { "x-upcasts-versions": earlier }),
    ...(personal !== undefined && { "x-has-personal-data": true }),
  };
}

const messageId = ({ event }: CompiledEvent): string => `${event.name}.v${event.version}`;

const text = (description: string) => ({ type: "string", description });
const headersSchema = {
  type: "object",
  description: "What is recorded beside the data of an event.",
  properties: {
    id: { ...text("The same in each attempt to handle it."), format: "uuid" },
    key: text("What the event is about: events of one tenant and key are handled in their order."),
    position: text("Its place in the log."),
    recordedAt: { ...text("By the clock of the database."), format: "date-time" },
    tenant: text("The tenant in whose transaction it was emitted."),
    actor: text("Who caused it."),
    causation: text("The request, task or event whose execution emitted it."),
    correlation: text("The request that all of it began with."),
    traceparent: text("The trace in which it was emitted (W3C Trace Context)."),
  },
  required: ["id", "key", "position", "recordedAt"],
};

const introduction = `The events that happen in the modules of this service, the operations that send them, and those that receive them. An event is recorded in the transaction of its command. A subscription handles each event at least once, and a projection applies each once.

The address of a channel is the name of an event; its messages are the versions. The schemas are JSON Schema 2020-12. A field with \`x-personal\` says something about a person: it is stored sealed, and readers get \`erased\` in its stead once the person is erased.`;
