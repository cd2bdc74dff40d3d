import { isFields } from "../../carrier/message.ts";
import { paramsInvalid, requestInvalid } from "../../faults.ts";
import { type Asking, type CallTerms, notification } from "../asking.ts";
import { type Followed, follow, followedOf, followsExhausted } from "./follow.ts";

/** Says in `_meta` to which request a notification belongs. */
const idField = "io.modelcontextprotocol/subscriptionId";

/**
 * Follows resources until the client leaves or their streams end. Lists do not change while an app runs, so that there is nothing to tell of them.
 * *Faults thrown*: `mcp_params_invalid`, `mcp_resource_unknown`, `mcp_subscriptions_exhausted`, and those of the streams.
 */
export async function listen(terms: CallTerms, asking: Asking): Promise<object> {
  const { carrier, message, signal, talk } = asking;
  const { notifications: wanted } = message.params;
  if (!isFields(wanted)) throw paramsInvalid('"notifications" is not an object.');
  const { resourceSubscriptions: addresses = [] } = wanted;
  if (!Array.isArray(addresses)) throw paramsInvalid('"resourceSubscriptions" is not a list of addresses.');
  if (!talk.isPossible) throw requestInvalid("The reply is events. Ask with Accept: application/json, text/event-stream.");
  const { subscriptions: most } = terms.limits;
  if (addresses.length > most) throw followsExhausted(most, "resources of one request");
  const all = [...new Set(addresses)].map((uri) => followedOf(terms.model, uri)).filter((found) => found !== undefined);
  const meta = { [idField]: message.id };
  const honored = all.length > 0 && { resourceSubscriptions: all.map(({ uri }) => uri) };
  talk.send(notification("notifications/subscriptions/acknowledged", { notifications: { ...honored }, _meta: meta }));
  const ending = new AbortController();
  const following = { carrier, talk, meta, signal: AbortSignal.any([signal, ending.signal]) };
  try {
    await Promise.all(all.map((followed: Followed) => follow(terms, followed, following)));
  } finally {
    // What is refused of one ends all.
    ending.abort();
  }
  return { _meta: meta };
}
