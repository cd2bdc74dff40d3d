// The yardstick: node:http that knows the perfect limit, and answers all else with a constant 503.
import { createServer, type ServerResponse } from "node:http";
import { LoopTurns } from "../../src/core/turn/loop-turns.ts";
import { type Work, works } from "./work.ts";

/** So old may the turn of the event loop be in which a call that holds it begins. */
const turnMs = 50;
const refused = '{"type":"urn:ideal:overloaded"}';

const turns = new LoopTurns();

/** Whether one more may begin: by places, or, of what holds the event loop, by the age of its turn. The loop itself has no count of what waits for it. */
function limitOf({ places }: Work): { enter(): boolean; leave(): void } {
  let running = 0;
  if (places !== undefined) return { enter: () => running < places + 2 && ++running > 0, leave: () => running-- };
  const isEarly = () => {
    const { now, beganAt } = turns.look();
    return now - beganAt <= turnMs;
  };
  return { enter: isEarly, leave: () => undefined };
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
