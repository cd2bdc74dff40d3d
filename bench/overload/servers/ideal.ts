// The yardstick: node:http that knows the perfect limit of each operation, and answers all else with a constant 503.
import { Agent, createServer, request, type ServerResponse } from "node:http";
import pg from "pg";
import { LoopTurns } from "../../../src/core/turn/loop-turns.ts";
import { type Work, worksOfProcess } from "../work.ts";
import { performerOf, statement } from "./perform.ts";

/** So old may the turn of the event loop be in which a call that holds it begins. */
const turnMs = 50;
const refused = '{"type":"urn:ideal:overloaded"}';
/** Calls in a second of all callers together, where the rate is what limits. */
const rate = Number(process.env.RATE ?? 0);

const works = worksOfProcess();
const turns = new LoopTurns();
const poolWork = works.find(({ kind }) => kind === "pool");
const pool = poolWork && new pg.Pool({ connectionString: process.env.DATABASE_URL, max: poolWork.places });
pool?.on("error", () => undefined);
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });

/** Lets in what can begin within half of its deadline, by how long calls take now, and says when it may begin. */
class Places {
  readonly #work: Work;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #eachMs: number;

  constructor(work: Work) {
    this.#work = work;
    this.#eachMs = work.ms;
  }

  async run(call: () => Promise<void>): Promise<boolean> {
    const { places, deadlineMs } = this.#work;
    if (this.#running >= places) {
      if (((this.#waiting.length + 1) / places + 1) * this.#eachMs > deadlineMs / 2) return false;
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    } else this.#running++;
    const beganAt = performance.now();
    try {
      await call();
      return true;
    } catch {
      return false;
    } finally {
      this.#eachMs += (performance.now() - beganAt - this.#eachMs) / 16;
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${process.env.UPSTREAM_URL}/work`, { agent, timeout: 500 }, (response) => {
      response.resume();
      response.once("end", () => (response.statusCode === 200 ? resolve() : reject(new Error("upstream"))));
      response.once("error", reject);
    });
    sent.once("timeout", () => sent.destroy(new Error("timeout")));
    sent.once("error", reject);
    sent.end();
  });
}

function runnerOf(work: Work): () => Promise<boolean> {
  const own = performerOf(work);
  if (work.kind === "cpu" && own !== undefined) {
    // The loop itself has no count of what waits for it.
    return async () => {
      const { now, beganAt } = turns.look();
      if (now - beganAt > turnMs) return false;
      await own();
      return true;
    };
  }
  const call = own ?? (work.kind === "pool" ? async () => void (await pool!.query({ name: "work", text: statement })) : ask);
  const places = new Places(work);
  return () => places.run(call);
}

let [left, leftAt] = [0, 0];
function isWithinRate(): boolean {
  const now = performance.now();
  left = Math.min(rate / 10, left + ((now - leftAt) * rate) / 1_000);
  leftAt = now;
  return left >= 1 && left-- > 0;
}

const routes = new Map(works.map((work) => [`/${work.name}`, runnerOf(work)]));

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

const server = createServer((incoming, response) => {
  const run = routes.get((incoming.url ?? "").replace(/-(critical|sheddable)$/, ""));
  incoming.resume();
  if (run === undefined) return answer(response, 404, "{}");
  if (rate > 0 && !isWithinRate()) return answer(response, 503, refused);
  void run().then((done) => (done ? answer(response, 200, "{}") : answer(response, 503, refused)));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1", 4_096, () => console.log("ready"));
