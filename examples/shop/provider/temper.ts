import { createHash } from "node:crypto";
import { z } from "zod";

const Share = z.number().min(0).max(1).default(0);

/** What the provider does to requests that write: each share is of all of them. */
export const Temper = z.object({
  /** Nothing is booked, nothing comes, and the connection stays. */
  stalls: Share,
  /** It is booked, and then nothing comes. */
  timesOutAfter: Share,
  /** 500, and nothing is booked. */
  fails: Share,
  /** It is booked, and the reply is no JSON. */
  garbles: Share,
  /** It is booked, and the reply is JSON of another kind. */
  answersOther: Share,
  /** It is booked, and a proxy on the way replies with a status from 400 to 499. */
  refusesAfter: Share,
  /** The card is declined, at every attempt. */
  declines: Share,
  /** Attempts with one key after which it does as it is asked. */
  patience: z.int().min(1).max(1_000).default(3),
  /** Notices are sent a second time. */
  noticesTwice: Share,
  /** Notices come later by up to this, each by another time, and so out of order. */
  noticesLateMs: z.number().min(0).max(60_000).default(0),
});
export type Temper = z.infer<typeof Temper>;

const acts = ["stalls", "timesOutAfter", "fails", "garbles", "answersOther", "refusesAfter"] as const;
export type Act = (typeof acts)[number] | "replies";

/** From 0 to 1, and the same for the same seed and text: what happens to a request does not depend on which others come before it. */
export function drawn(seed: number, text: string): number {
  return createHash("sha256").update(`${seed} ${text}`).digest().readUInt32BE() / 2 ** 32;
}

/** What is done to one attempt with one key. */
export function actOf(temper: Temper, seed: number, { key, attempt }: { readonly key: string; readonly attempt: number }): Act {
  if (attempt > temper.patience) return "replies";
  const value = drawn(seed, `${attempt} ${key}`);
  let below = 0;
  for (const act of acts) {
    below += temper[act];
    if (value < below) return act;
  }
  return "replies";
}
