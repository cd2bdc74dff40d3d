import type { Coding } from "./negotiate.ts";

const coded = /;(?:zstd|br|gzip)"$/;

/** The tag of a reply that is compressed: a strong one names other bytes then, a weak one the same content. */
export function codedTag(tag: string, coding: Coding): string {
  return tag.startsWith("W/") ? tag : `${tag.slice(0, -1)};${coding}"`;
}

/** The tag of the version that a client names, however its reply was compressed. */
export function plainTag(tag: string): string {
  return tag.replace(coded, '"');
}
