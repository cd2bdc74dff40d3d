// A live OTLP/HTTP collector: counts the spans that it is sent, as JSON or as protobuf, by the path that they are sent to. `GET /count` tells.
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { countSpans } from "./otlp.ts";

export interface Count {
  requests: number;
  spans: number;
  bytes: number;
  /** Requests that could not be read. */
  malformed: number;
}

const counts: Record<string, Count> = {};

const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(counts));
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const sent = Buffer.concat(chunks);
    const type = request.headers["content-type"] ?? "";
    counts[request.url!] ??= { requests: 0, spans: 0, bytes: 0, malformed: 0 };
    const count = counts[request.url!]!;
    count.requests++;
    count.bytes += sent.length;
    try {
      count.spans += countSpans(request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent, type);
    } catch {
      count.malformed++;
    }
    // An empty ExportTraceServiceResponse: everything was accepted.
    response.writeHead(200, { "content-type": type }).end(type.startsWith("application/json") ? "{}" : "");
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
