import type { JsonSchema } from "../core/schema/standard.ts";
import type { MethodShape } from "./descriptor/methods.ts";
import type { GrpcLock, LockedNumbers } from "./descriptor/numbers.ts";
import type { EnumShape, MessageShape } from "./descriptor/shape.ts";

/** What a service says of its contract of one operation to a caller that has another one, before it has read anything. */
export interface PeerContract {
  /** Of the method, by which it admits calls. */
  readonly fingerprint: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** Whether it sends many of what it returns. */
  readonly streams?: boolean;
  /** What its client sends after the input. */
  readonly message?: JsonSchema;
  /** What a second run of one call does there. */
  readonly repeatable: "always" | "keyed" | "never";
  /** The codes of the faults that it declares, by their types. */
  readonly faults: Readonly<Record<string, string>>;
  /** Which numbers its messages have. */
  readonly numbers: GrpcLock;
}

/** Writes what a service says of one of its methods. */
export function writePeer(shape: MethodShape, contract: Omit<PeerContract, "numbers">): Buffer {
  const numbers = { ...numbersOf(shape.request), ...numbersOf(shape.response) };
  return Buffer.from(JSON.stringify({ ...contract, numbers } satisfies PeerContract));
}

/** Reads it; undefined where it is none. */
export function readPeer(bytes: Buffer): PeerContract | undefined {
  try {
    const { fingerprint, input, output, streams, message, repeatable, faults, numbers } = JSON.parse(bytes.toString()) as Record<
      string,
      unknown
    >;
    const isWhole =
      typeof fingerprint === "string" && [input, output, faults, numbers].every((one) => typeof one === "object" && one !== null);
    if (!isWhole || !kinds.includes(repeatable)) return undefined;
    const sends = { streams: streams === true, ...(typeof message === "object" && message !== null && { message }) };
    return { fingerprint, input, output, ...sends, repeatable, faults, numbers } as PeerContract;
  } catch {
    return undefined;
  }
}

const kinds: readonly unknown[] = ["always", "keyed", "never"] satisfies readonly PeerContract["repeatable"][];

function numbersOf(message: MessageShape): Readonly<Record<string, LockedNumbers>> {
  const own = Object.fromEntries(message.properties.flatMap(({ members }) => members.map(({ key, number }) => [key, number])));
  const parts = [...message.messages.map(numbersOf), ...message.enums.map(numbersOfEnum)];
  return Object.assign({ [message.fullName]: { numbers: own, reserved: message.reserved } }, ...parts);
}

const numbersOfEnum = ({ fullName, values, reserved }: EnumShape): Readonly<Record<string, LockedNumbers>> => ({
  [fullName]: { numbers: Object.fromEntries(values.map(({ text, number }) => [text, number])), reserved },
});
