// A live OTLP/HTTP collector: counts what it is sent. `GET /count` answers with the spans that came as JSON, and with the requests and bytes of all.
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

const count = { requests: 0, spans: 0, bytes: 0, malformed: 0 };

const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(count));
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const sent = Buffer.concat(chunks);
    const type = request.headers["content-type"] ?? "";
    const isJson = type.startsWith("application/json");
    count.requests++;
    count.bytes += sent.length;
    if (isJson) countSpans(request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent);
    // An empty ExportTraceServiceResponse: everything was accepted.
    response.writeHead(200, { "content-type": type }).end(isJson ? "{}" : "");
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));

function countSpans(body: Buffer): void {
  try {
    const { resourceSpans } = JSON.parse(body.toString()) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
    for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) count.spans += spans.length;
  } catch {
    count.malformed++;
  }
}
