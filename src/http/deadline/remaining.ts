import type { RequestHeaders } from "../request-headers.ts";

/** What a caller says it has left: the least, where both headers say it. It can only shorten, so that any caller is believed. *Units*: milliseconds. */
export function remainingMs({ deadlineMs, timeoutMs }: Pick<RequestHeaders, "deadlineMs" | "timeoutMs">): number | undefined {
  const [one, other] = [milliseconds(deadlineMs), milliseconds(timeoutMs)];
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function milliseconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
