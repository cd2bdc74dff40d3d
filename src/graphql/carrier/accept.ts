/** How a reply is sent. `legacy`: with the status 200 whatever the document says, for clients that know no other type than JSON. */
export interface ReplyType {
  readonly contentType: string;
  readonly legacy: boolean;
}

const modern: ReplyType = { contentType: "application/graphql-response+json; charset=utf-8", legacy: false };
const legacy: ReplyType = { contentType: "application/json; charset=utf-8", legacy: true };

/**
 * Chooses how to reply: the type that the client prefers, and of two that it likes equally the first; `application/json` where it names neither.
 * *Source*: GraphQL over HTTP, section 5.3; RFC 9110 section 12.5.1.
 */
export function replyTypeOf(accept: string | null): ReplyType {
  let best: { readonly type: ReplyType; readonly weight: number } | undefined;
  for (const part of (accept ?? "").split(",").slice(0, 50)) {
    const [media = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const type = media === "application/graphql-response+json" ? modern : isJson(media) ? legacy : undefined;
    const weight = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (type !== undefined && weight > 0 && (best === undefined || weight > best.weight)) best = { type, weight };
  }
  return best?.type ?? legacy;
}

function isJson(media: string): boolean {
  return media === "application/json" || media === "application/*" || media === "*/*";
}

/** Whether a client wants its reply as events, which it may get one after the other. *Source*: the protocol of graphql-sse, distinct connections. */
export function takesEvents(accept: string | null): boolean {
  return /(?:^|,)\s*text\/event-stream\s*(?:;|,|$)/i.test(accept ?? "");
}

/** Whether a person opens the address in a browser. */
export function wantsPage(accept: string | null): boolean {
  return /(?:^|,)\s*text\/html\s*(?:;|,|$)/i.test(accept ?? "");
}
