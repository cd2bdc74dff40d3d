// The yardstick: node:http that knows the perfect limit, and answers all else with a constant 503.
import { createServer, type ServerResponse } from "node:http";
import { type Work, works } from "./work.ts";

/** What a refusal costs the process. */
const refusalMs = 0.04;
const callMs = 5.1;
const burst = 6;
const refused = '{"type":"urn:ideal:overloaded"}';

/** Whether one more may begin: by places, or by the time that is left beside the refusals. */
function limitOf({ places }: Work): { enter(): boolean; leave(): void } {
  let running = 0;
  if (places !== undefined) return { enter: () => running < places + 2 && ++running > 0, leave: () => running-- };
  let [tokens, at] = [burst, performance.now()];
  return {
    enter: () => {
      const now = performance.now();
      tokens = Math.min(burst, tokens + (now - at) / callMs);
      at = now;
      const admitted = tokens >= 1;
      tokens -= admitted ? 1 : refusalMs / callMs;
      return admitted;
    },
    leave: () => undefined,
  };
}

const routes = new Map(works.map((work) => [`/${work.name}`, { work, limit: limitOf(work) }]));

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  const route = routes.get(request.url ?? "");
  request.resume();
  if (route === undefined) return answer(response, 404, "{}");
  if (!route.limit.enter()) return answer(response, 503, refused);
  void route.work.run().then(() => {
    route.limit.leave();
    answer(response, 200, "{}");
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
