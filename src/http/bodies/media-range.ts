/** The type and subtype of a media type, in small letters; undefined where there is none. *Source*: RFC 9110 §8.3.1. */
export function essenceOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  const at = contentType.indexOf(";");
  const essence = (at === -1 ? contentType : contentType.slice(0, at)).trim().toLowerCase();
  return mediaType.test(essence) ? essence : undefined;
}

const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** Whether a text names a media type, or all with one type, as in `image/*`; in small letters, without parameters. */
export function isMediaRange(text: string): boolean {
  return mediaType.test(text) || /^[a-z0-9][a-z0-9-]{0,126}\/\*$/.test(text);
}

/** Whether one of *ranges* has a media type. */
export function isAmong(essence: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => range === essence || (range.endsWith("/*") && essence.startsWith(range.slice(0, -1))));
}
