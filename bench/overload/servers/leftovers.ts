// Loaded into every server by --import: counts on demand what is alive in its heap after a collection of garbage.
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { queryObjects } from "node:v8";

/** What must not outlive its request. A listener is a function. */
export type Leftovers = Readonly<Record<"promises" | "timers" | "sockets" | "responses" | "signals" | "functions", number>>;

function count(): Leftovers {
  const of = (type: unknown) => queryObjects(type as new () => unknown, { format: "count" });
  const timer = setTimeout(() => undefined, 0);
  clearTimeout(timer);
  return {
    ...{ promises: of(Promise), timers: of(timer.constructor), sockets: of(Socket), responses: of(ServerResponse) },
    ...{ signals: of(AbortSignal), functions: of(Function) },
  };
}

const path = process.env.LEFTOVERS_SOCKET;
if (path !== undefined) {
  const server = createServer((_request: IncomingMessage, response) =>
    response.writeHead(200, { connection: "close" }).end(JSON.stringify(count())),
  );
  server.listen(path);
  server.unref();
}
