import { limits } from "../core/limits.ts";
import type { KindTraits } from "../operation/kind.ts";

/**
 * What an execution is that carries those of a surface, as the request of a document or of a tool: HTTP reads it, signs its caller in and sends its reply.
 * It takes no slot of the process, for which what it carries would wait in vain, and counts at no rate, since what it carries does.
 */
export const carrierTraits: KindTraits = {
  transaction: "none",
  rateLimited: false,
  processSlot: false,
  usesResources: true,
  keyed: false,
  plain: true,
  carries: true,
  maxDeadlineMs: limits.deadlineMs,
  durable: false,
};
