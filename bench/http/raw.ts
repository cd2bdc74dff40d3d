// The baseline: node:http, JSON.parse and JSON.stringify, and nothing that a service needs besides.
import { createServer } from "node:http";
import { accept, path } from "./order.ts";

const server = createServer((request, response) => {
  if (request.method !== "POST" || request.url !== path) {
    response.writeHead(404).end();
    return;
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    body += chunk;
  });
  request.on("end", () => {
    const answer = JSON.stringify(accept(JSON.parse(body)));
    response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
