import { type OpsPage, type OpsRequest, type OpsResponse, opsFound, readOpsRequest } from "../operation/ops-page.ts";
import type { Messaging } from "./messaging.ts";

const shown = 20;

const help = {
  "GET /messaging": "shows the relays, the subscriptions that receive from brokers, and the last messages that could not be received",
  "GET /messaging/dead-letters?subscription=": "shows the last messages that a subscription could not receive, with their bodies in base64",
  "POST /events/subscriptions/{name}/…": "pauses, resumes, retries, skips and replays: a relay is a subscription",
} as const;

/** The page `/messaging` of the ops port. */
export function messagingPage(messaging: Messaging): OpsPage {
  return { path: "/messaging", answer: (request) => answer(messaging, request) };
}

async function answer(messaging: Messaging, request: OpsRequest): Promise<OpsResponse | undefined> {
  const asked = readOpsRequest(request, help);
  if ("status" in asked) return asked;
  const { parts, query, changes } = asked;
  const [first] = parts;
  if (changes) return undefined;
  if (first === undefined || first === "") {
    const deadLetters = (await messaging.deadLetters({ limit: shown })).map(({ headers: _, body: __, ...letter }) => letter);
    return opsFound({ relays: await messaging.relays(), receiving: await messaging.receiving(), deadLetters, help });
  }
  if (first !== "dead-letters") return undefined;
  const subscription = query.get("subscription");
  return opsFound({ deadLetters: await messaging.deadLetters({ limit: shown, ...(subscription !== null && { subscription }) }), help });
}
