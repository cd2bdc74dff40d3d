import { Agent, request } from "node:http";

/** One sign-in, and where it comes from. */
export interface Attempt {
  readonly agent: Agent;
  readonly url: string;
  readonly body: string;
}

/** What a caller got. */
export interface Reply {
  /** The status with the type of the problem, as in `429 sign_in_limited`; or why there is no response. */
  readonly status: string;
  /** When to try again, if the server says so. *Units*: milliseconds. */
  readonly retryAfterMs: number | undefined;
}

const problem = /"type":"urn:plimsoll:([\w-]+)"/;

/** Connections that are kept, from one address of this machine: the server tells callers apart by it. */
export function connectionsFrom(localAddress: string, most: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: most, maxFreeSockets: most, localAddress });
}

/** Sends a sign-in. It always resolves. */
export function signIn({ agent, url, body }: Attempt): Promise<Reply> {
  return new Promise((resolve) => {
    const fail = ({ message }: Error) => resolve({ status: message, retryAfterMs: undefined });
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(`${url}/v1/sessions`, { agent, method: "POST", headers, timeout: 30_000 }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.once("end", () => {
        const after = response.headers["retry-after"];
        const status = [response.statusCode, problem.exec(text)?.[1]].filter(Boolean).join(" ");
        resolve({ status, retryAfterMs: after === undefined ? undefined : Number(after) * 1_000 });
      });
      response.once("error", fail);
    });
    sent.once("timeout", () => sent.destroy(new Error("timeout")));
    sent.once("error", fail);
    sent.end(body);
  });
}
