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
  const [sent, accepted] = [placed(own.input), placed(peer.input)];
  const unread = fieldChanges(sent, accepted).flatMap(({ what, path }) => (what === "added" ? [] : [path]));
  const input = excess(sent, accepted).flatMap(({ path, keyword, wider, narrower }) => {
    if (keyword === "required") return wider === "is not there" ? [`input${path} is required there`] : [];
    return keyword === "type" || keyword === "option" ? [`input${path} is ${wider} here and ${narrower} there`] : [];
  });
  const output = excess(placed(peer.output), placed(own.output)).flatMap(({ path, keyword, wider, narrower }) => {
    if (keyword === "additionalProperties") return [];
    if (keyword === "required") return [`output${path} ${wider === "is not there" ? "is not sent" : "may be missing"} there`];
    return [`output${path} (${keyword}) is ${wider} there and ${narrower} here`];
  });
  return { problems: [...repeats(own, peer), ...input, ...output, ...faults(own, peer)], unread };
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
