import { createHmac, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const key = Buffer.from(secret.slice(6), "base64");

/** The signature of Standard Webhooks. */
export const signatureOf = (id: string, time: string, body: string): string =>
  createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");

/** Sends webhooks to one address as a provider does, over connections that it keeps. */
export class Sender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: URL;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Sends a new one. Returns how long the response took; undefined where the receiver has too much to do (503). *Units*: milliseconds. */
  send(): Promise<number | undefined> {
    const [id, time] = [`msg_${randomUUID()}`, String(Math.floor(Date.now() / 1_000))];
    const body = JSON.stringify({ type: "invoice.paid", invoice: id });
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        this.#url,
        {
          ...{ agent: this.#agent, method: "POST" },
          headers: {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            "webhook-id": id,
            "webhook-timestamp": time,
            "webhook-signature": `v1,${signatureOf(id, time, body)}`,
          },
        },
        (response) => {
          response.resume();
          response.on("end", () => {
            if (response.statusCode === 503) resolve(undefined);
            else if ((response.statusCode ?? 500) < 300) resolve(performance.now() - startedAt);
            else reject(new Error(`a webhook got the status ${response.statusCode}`));
          });
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
