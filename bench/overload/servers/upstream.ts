// The service that the operations `upstream` call: so many places, and a queue without a bound. GET /slow?ms=… says how long calls take from then on.
import { createServer } from "node:http";
import { upstreamWork } from "../work.ts";
import { Callee } from "./perform.ts";

const callee = new Callee(upstreamWork.places, upstreamWork.ms);
const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://upstream");
  const end = () => response.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}");
  if (url.pathname === "/slow") {
    callee.ms = Number(url.searchParams.get("ms"));
    return void end();
  }
  void callee.call().then(end);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
