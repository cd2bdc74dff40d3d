import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Fault } from "../core/fault.ts";
import { nodeHttp } from "../core/node/http.ts";
import type { Service } from "../core/service.ts";
import type { TelemetrySink } from "../operation/telemetry.ts";
import type { Tasks } from "../tasks/tasks.ts";
import { answerTasks } from "./ops-tasks.ts";

export interface OpsSpec {
  /** 0 takes a free one. */
  readonly port: number;
  /** *Default*: `127.0.0.1`: reachable from this machine only. */
  readonly host?: string;
}

interface OpsSources {
  /** Undefined when ready, otherwise the reason. */
  ready(): Promise<string | undefined>;
  readonly sinks: readonly TelemetrySink[];
  /** Undefined where the app keeps none. */
  readonly tasks?: Tasks | undefined;
}

/** Serves `/livez`, `/readyz`, `/metrics` and `/tasks`, for machines that watch and never for the public. */
export class Ops implements Service {
  readonly name = "ops";
  readonly #spec: OpsSpec;
  readonly #sources: OpsSources;
  readonly #pages: ReadonlyMap<string, (response: ServerResponse) => Promise<void>> = new Map([
    ["/livez", async (response: ServerResponse) => end(response, 200, "alive\n")],
    ["/readyz", (response: ServerResponse) => this.#showReadiness(response)],
    ["/metrics", async (response: ServerResponse) => this.#showMetrics(response)],
  ]);
  #server: Server | undefined;
  url: string | undefined;

  constructor(spec: OpsSpec, sources: OpsSources) {
    this.#spec = spec;
    this.#sources = sources;
  }

  async start(): Promise<void> {
    const { port, host = "127.0.0.1" } = this.#spec;
    const server = nodeHttp.createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000 },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = 64;
    this.#server = server;
    await listen(server, { port, host, what: "The ops port" });
    this.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?")[0] ?? "";
    if (path === "/tasks" || path.startsWith("/tasks/")) return this.#answerTasks(request, response);
    const page = this.#pages.get(path);
    if (page === undefined) return end(response, 404, `see ${[...this.#pages.keys(), "/tasks"].join(", ")}\n`);
    if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, "only GET\n");
    try {
      await page(response);
    } catch {
      // What failed is for its own log; whoever asks here only has to know that there is no answer.
      end(response, 500, "this could not be read\n");
    }
  }

  async #answerTasks(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tasks } = this.#sources;
    try {
      const answer = tasks && (await answerTasks(tasks, request));
      if (answer === undefined) return end(response, 404, "see /tasks\n");
      end(response, answer.status, { body: `${JSON.stringify(answer.body, null, 2)}\n`, contentType: "application/json" });
    } catch {
      end(response, 503, "the database does not answer\n");
    }
  }

  async #showReadiness(response: ServerResponse): Promise<void> {
    const reason = await this.#sources.ready();
    if (reason === undefined) end(response, 200, "ready\n");
    else end(response, 503, `not ready: ${reason}\n`);
  }

  #showMetrics(response: ServerResponse): void {
    const exposed = this.#sources.sinks.flatMap((sink) => sink.expose?.() ?? []);
    const [first] = exposed;
    if (first === undefined) return end(response, 404, "no metrics: add prometheus() to the app's telemetry\n");
    end(response, 200, { body: exposed.map(({ body }) => body).join(""), contentType: first.contentType });
  }
}

function end(response: ServerResponse, status: number, reply: string | { readonly body: string; readonly contentType: string }): void {
  const { body, contentType } = typeof reply === "string" ? { body: reply, contentType: "text/plain; charset=utf-8" } : reply;
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Begins to listen. *Faults thrown*: `failed_precondition` that says what to do where the port cannot be had. */
export function listen(server: Server, at: { readonly port: number; readonly host: string; readonly what: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: `${at.port} is in use by another program. Stop it, or choose another port.`,
        EACCES: `${at.port} needs more rights than this process has. Choose a port above 1023.`,
        EADDRNOTAVAIL: `${at.host} is no address of this machine. Choose 127.0.0.1, 0.0.0.0 or one of its own.`,
      };
      const reason = reasons[cause.code ?? ""] ?? `${at.host}:${at.port} cannot be had: ${cause.message}.`;
      reject(new Fault({ code: "failed_precondition", type: "port_unavailable", message: `${at.what} ${reason}`, cause }));
    });
    server.listen({ port: at.port, host: at.host, backlog: 4096 }, resolve);
  });
}
