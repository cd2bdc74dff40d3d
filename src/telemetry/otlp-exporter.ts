import type { Agent, IncomingMessage } from "node:http";
import type { Clock } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { nodeHttp } from "../core/node/http.ts";

/** How one attempt to send a batch ended. */
export interface ExportResult {
  /** `retry`: the collector may take it later; `refused`: it never will. */
  readonly outcome: "ok" | "retry" | "refused";
  /** The HTTP status, or the system's word for what went wrong. */
  readonly reason: string;
  /** When the collector asked to come back. *Units*: milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What the collector says it did not take, of a batch that it took: spans, log records or data points. */
  readonly rejected: number;
}

const retryable = new Set([408, 429, 502, 503, 504]);
const answerBytes = 65_536;

/**
 * Sends batches to an OTLP/HTTP collector over one kept connection, one at a time.
 * *Guarantees*: `send` never rejects and ends within the timeout.
 * *Source*: OTLP 1.x over HTTP, its rules for retryable responses.
 */
export class OtlpExporter {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #agent: Agent;

  constructor(options: {
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly clock: Clock;
  }) {
    this.#url = options.url;
    this.#headers = options.headers;
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock;
    const { Agent } = protocolOf(options.url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  send(body: Uint8Array): Promise<ExportResult> {
    const headers = { ...this.#headers, "content-type": "application/json", "content-length": body.length };
    const { request } = protocolOf(this.#url);
    return new Promise((resolve) => {
      const sent = request(this.#url, { method: "POST", headers, agent: this.#agent });
      const timer = this.#clock.schedule(this.#timeoutMs, () =>
        sent.destroy(
          new Fault({
            code: "deadline_exceeded",
            message: "The collector did not respond in time. Check its address and its load.",
          }),
        ),
      );
      const settle = (result: ExportResult) => {
        timer.cancel();
        resolve(result);
      };
      const fail = (error: Error & { readonly code?: string }) =>
        settle({ outcome: "retry", reason: error.code ?? error.message, retryAfterMs: undefined, rejected: 0 });
      sent.on("error", fail);
      sent.on("response", (answer) => readAnswer(answer, this.#clock).then(settle, fail));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function protocolOf({ protocol }: URL): Pick<typeof nodeHttp, "Agent" | "request"> {
  return protocol === "https:" ? process.getBuiltinModule("node:https") : nodeHttp;
}

async function readAnswer(answer: IncomingMessage, clock: Clock): Promise<ExportResult> {
  let text = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer) if (text.length < answerBytes) text += chunk;
  const status = answer.statusCode ?? 0;
  const reason = String(status);
  if (status >= 200 && status < 300) return { outcome: "ok", reason, retryAfterMs: undefined, rejected: rejectedOf(text) };
  if (!retryable.has(status)) return { outcome: "refused", reason, retryAfterMs: undefined, rejected: 0 };
  return { outcome: "retry", reason, retryAfterMs: parseRetryAfter(answer.headers["retry-after"], clock), rejected: 0 };
}

function rejectedOf(text: string): number {
  try {
    const { rejectedSpans, rejectedLogRecords, rejectedDataPoints } = JSON.parse(text)?.partialSuccess ?? {};
    return Math.max(0, Number(rejectedSpans ?? rejectedLogRecords ?? rejectedDataPoints) || 0);
  } catch {
    return 0;
  }
}

/** Reads `Retry-After` as seconds or as a date. *Source*: RFC 9110, 10.2.3. */
function parseRetryAfter(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - clock.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
