import { formatMs } from "../core/duration.ts";
import type { JsonSchema } from "../core/schema/standard.ts";
import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import { pascal } from "./openapi-names.ts";
import type { SharedSchemas } from "./openapi-schemas.ts";

const events =
  "Server-sent events. The data of each is an item. The last event is `end` if the stream is complete, and `problem` with a problem document if it failed.";
const lines = "An item in each line; an empty line is a sign of life. The last line is a problem document if the stream is not complete.";

/** Describes the body of a stream. OpenAPI 3.1 has no word for it, so that the schema of an item is an extension. `item`: that schema, or where it stands. */
export function streamContent(item: JsonSchema, example: unknown): Readonly<Record<string, object>> {
  const format = (description: string) => ({
    schema: { type: "string", description },
    "x-item-schema": item,
    ...(example !== undefined && { "x-item-example": example }),
  });
  return { "text/event-stream": format(events), "application/x-ndjson": format(lines), "application/jsonl": format(lines) };
}

/** Describes a WebSocket, of which OpenAPI knows no more than the status: the schemas of its messages are an extension. */
export function socketResponse({ name, output, receives }: CompiledOperation, schemas: SharedSchemas): Record<string, object> {
  const schema = (document: JsonSchema, what: string) => schemas.embed(document, `${pascal(name)}${what}`);
  return {
    101: {
      description: "A WebSocket. Its messages are JSON in text frames.",
      "x-websocket": {
        sends: schema(output.outputJson, "Item"),
        receives: schema(receives?.message.inputJson ?? {}, "Message"),
        ...{ bytesMax: receives?.bytesMax, perSecond: receives?.perSecond, protocols: receives?.protocols },
      },
    },
  };
}

/** The parameter by which a client continues; none where items have no ids. */
export function streamParameters({ stream }: CompiledOperation): readonly object[] {
  if (stream?.id === undefined) return [];
  return [
    {
      name: "Last-Event-ID",
      in: "header",
      required: false,
      description: "The id of the last item that you got: the stream continues after it.",
      schema: { type: "string" },
    },
  ];
}

/** How long a stream takes, as people read it. */
export function streamSentence({ stream }: CompiledOperation): string {
  if (stream === undefined) return "";
  const { idleMs, longestMs, heartbeatMs } = stream;
  return `The response is a stream. It ends after ${formatMs(longestMs)}, or if there is no item for ${formatMs(idleMs)}; a sign of life comes every ${formatMs(heartbeatMs)}.`;
}
