import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Signal } from "../../src/core/signals.ts";

// biome-ignore lint/suspicious/noExplicitAny: OTLP as it came over the wire
export type Json = any;

export interface Batch {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  readonly spans: readonly Json[];
}

/** An OTLP/HTTP collector that keeps what it is sent and answers as a test tells it. */
export class Collector {
  readonly batches: Batch[] = [];
  readonly received = new Signal<Batch>("received");
  answer: (response: ServerResponse) => void = (response) => response.end("{}");
  readonly #server = createServer(async (request, response) => {
    let text = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
    } catch {
      // The sender gave up in the middle: a collector lives on.
      return;
    }
    const body: Json = JSON.parse(text);
    const batch = { path: request.url ?? "", headers: request.headers, body, spans: body.resourceSpans?.[0].scopeSpans[0].spans ?? [] };
    this.batches.push(batch);
    this.answer(response);
    this.received.publish(batch);
  });

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): readonly Json[] {
    return this.batches.flatMap((batch) => batch.spans);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
