// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes.
const escaped = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** Whether JSON writes a text as it is, but for the quotes. */
export function isPlainText(text: string): boolean {
  const { length } = text;
  // Starting a regex costs what reading some forty characters costs.
  if (length > 48) return !escaped.test(text);
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit & 0xf800) === 0xd800) return false;
  }
  return true;
}

/** A text as `JSON.stringify` writes it, without its quotes. */
export function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
