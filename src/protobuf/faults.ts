import { Fault } from "../core/fault.ts";

/** Refuses a message above the bound of its reader. */
export const messageTooLarge = (limit: number): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "body_too_large",
    status: 413,
    message: `The message is larger than the limit of ${limit} bytes. Send less at once.`,
    details: { limit: "message bytes", value: limit },
  });

/** Refuses a compressed message. */
export const messageCompressed = (): Fault =>
  new Fault({
    code: "unimplemented",
    type: "message_compressed",
    message: 'The message is compressed, and this server takes messages as they are. Send them with "grpc-encoding: identity".',
  });
