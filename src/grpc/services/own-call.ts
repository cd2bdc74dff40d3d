import { Fault, toFault } from "../../core/fault.ts";
import { Reader } from "../../protobuf/codec/reader.ts";
import { type Part, writeParts } from "../../protobuf/descriptor/wire.ts";
import { Frames } from "../../protobuf/frames.ts";
import { type Call, frameOf } from "../call/call.ts";

const messageBytes = 4_096;

/** A call of a service that the platform itself has, such as health. */
export interface OwnCall {
  readonly call: Call;
  readonly requestId: string;
}

/** Sends one message. */
export function sendParts({ call, requestId }: OwnCall, parts: readonly Part[]): void {
  call.begin(requestId);
  if (call.isOpen) call.stream.write(frameOf(Buffer.concat([Buffer.alloc(5), writeParts(parts)])));
}

/** Ends a call with a fault. */
export function endWith({ call, requestId }: OwnCall, fault: Fault): void {
  call.fault(fault, requestId);
  call.ended();
}

/**
 * Reads the messages of a call, and has each handled; at the end of what its caller sends the call ends too, unless it goes on by itself.
 * *Bounds*: a message of 4 KiB.
 */
export function readMessages(own: OwnCall, handle: (message: Buffer) => void, ended: () => void): void {
  const frames = new Frames(messageBytes);
  const { stream } = own.call;
  own.call.read((chunk) => {
    if (own.call.repliedAt !== Number.POSITIVE_INFINITY) return;
    frames.push(chunk);
    try {
      for (let next = frames.next(); next !== undefined; next = frames.next()) {
        if (next instanceof Fault) throw next;
        handle(next);
      }
    } catch (error) {
      endWith(own, toFault(error));
    }
  });
  stream.on("end", () => {
    if (own.call.repliedAt === Number.POSITIVE_INFINITY) ended();
  });
  stream.resume();
}

/** The fields of a message whose fields are all texts, by their numbers. */
export function textsOf(message: Buffer): ReadonlyMap<number, string> {
  const reader = new Reader(message);
  const texts = new Map<number, string>();
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if ((tag & 7) === 2) texts.set(tag >>> 3, reader.string());
    else reader.skip(tag);
  }
  return texts;
}
