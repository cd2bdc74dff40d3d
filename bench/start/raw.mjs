// The baseline of the start bench: node:http that answers, in JavaScript as it is published. Idle connections are kept, as a service behind a
// balancer keeps them: the default of five seconds would measure their closing.
import { createServer } from "node:http";

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain", "content-length": 2 }).end("ok");
});
server.keepAliveTimeout = 75_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
// What it compiled is kept when it ends by itself, which a signal alone would not do.
process.once("SIGTERM", () => process.exit());
