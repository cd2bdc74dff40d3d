import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import type { EventTarget } from "../events/system.ts";
import type { Intake } from "./bench.ts";
import { signatureOf } from "./sender.ts";

/** The least that is right: a signature over the bytes, a window, and a row for each id before the response. */
export async function openByHand({ url, connections }: EventTarget): Promise<Intake> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  await pool.query("create table received (id text primary key, body text not null)");
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const header = (name: string) => String(request.headers[name] ?? "");
    const [id, time] = [header("webhook-id"), header("webhook-timestamp")];
    const [given, wanted] = [Buffer.from(header("webhook-signature").slice(3)), Buffer.from(signatureOf(id, time, body))];
    const isGood = given.length === wanted.length && timingSafeEqual(given, wanted) && Math.abs(Date.now() / 1_000 - Number(time)) < 300;
    if (isGood) await pool.query({ name: "keep", text: "insert into received values ($1, $2) on conflict do nothing", values: [id, body] });
    response.writeHead(isGood ? 202 : 401).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await pool.end();
    },
  };
}
