import { excess } from "../../core/schema/difference/excess.ts";
import { fieldChanges } from "../../core/schema/difference/fields.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { AwayContract } from "../../operation/away/away.ts";
import type { PeerContract } from "../../protobuf/peer.ts";

/** What a caller finds where the service that it calls has another contract of an operation. */
export interface Compared {
  /** Why it cannot be called, each with its field, as in `output.left is not sent there`; empty where it can. */
  readonly problems: readonly string[];
  /** Fields of the input that are not read there, as in `.lines[].note`: a call that has one is not sent. */
  readonly unread: readonly string[];
}

const placed = (schema: JsonSchema) => ({ schema, document: schema });

/**
 * Compares two contracts of an operation field by field, as the contract gate does. What is sent may be less than the peer accepts, and what is read may be more than is
 * expected. A value that only one of them allows, such as a longer text, is left to the peer, which refuses it by its name.
 */
export function compareWithPeer(own: AwayContract, peer: PeerContract): Compared {
  const input = refused("input", own.input, peer.input);
  const output = excess(placed(peer.output), placed(own.output)).flatMap(({ path, keyword, wider, narrower }) => {
    if (keyword === "additionalProperties") return [];
    if (keyword === "required") return [`output${path} ${wider === "is not there" ? "is not sent" : "may be missing"} there`];
    return [`output${path} (${keyword}) is ${wider} there and ${narrower} here`];
  });
  const problems = [...repeats(own, peer), ...streams(own, peer), ...input, ...output, ...faults(own, peer)];
  return { problems, unread: unreadOf(own.input, peer.input) };
}

/** Why a value of one schema is not accepted by the other, whatever it is. */
function refused(what: string, sent: JsonSchema, accepted: JsonSchema): readonly string[] {
  return excess(placed(sent), placed(accepted)).flatMap(({ path, keyword, wider, narrower }) => {
    if (keyword === "required") return wider === "is not there" ? [`${what}${path} is required there`] : [];
    return keyword === "type" || keyword === "option" ? [`${what}${path} is ${wider} here and ${narrower} there`] : [];
  });
}

function unreadOf(sent: JsonSchema, accepted: JsonSchema): readonly string[] {
  return fieldChanges(placed(sent), placed(accepted)).flatMap(({ what, path }) => (what === "added" ? [] : [path]));
}

/** A message of a client comes when the call is under way, and can be refused no more: each of its fields must be read there. */
function streams(own: AwayContract, peer: PeerContract): readonly string[] {
  if (own.streams !== (peer.streams ?? false)) return [`output is ${own.streams ? "many here and one" : "one here and many"} there`];
  if ((own.message === undefined) !== (peer.message === undefined))
    return [`messages of the client are ${own.message === undefined ? "expected" : "not read"} there`];
  if (own.message === undefined || peer.message === undefined) return [];
  const unread = unreadOf(own.message, peer.message).map((path) => `message${path} is not read there`);
  return [...refused("message", own.message, peer.message), ...unread];
}

const strength = { always: 2, keyed: 1, never: 0 } as const;

function repeats({ repeatable: own }: AwayContract, { repeatable: there }: PeerContract): readonly string[] {
  if (strength[there] < strength[own]) return [`idempotent: a second run does nothing more here (${own}), and may there (${there})`];
  return own === "never" && there === "keyed" ? ["idempotent: a key is required there"] : [];
}

function faults({ faults: own }: AwayContract, { faults: there }: PeerContract): readonly string[] {
  return [...own].flatMap(([type, { code }]) => {
    const other = there[type];
    return other === undefined || other === code ? [] : [`fault ${type} has the code ${code} here and ${other} there`];
  });
}
