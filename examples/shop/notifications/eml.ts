import type { Mail } from "./domain.ts";

/** What a message has beside what is said in it. */
export interface Envelope {
  readonly from: string;
  /** Identifies the message, so that a repeated one can be recognised. */
  readonly messageId: string;
  readonly date: Date;
}

/**
 * Writes a message as mail programs read it. No name can add a header: text that is not plain ASCII is encoded.
 * *Source*: RFC 5322, RFC 2045 (base64), RFC 2047 (words in headers).
 */
export function formatEml({ to, subject, text }: Mail, { from, messageId, date }: Envelope): string {
  const body = Buffer.from(text.replaceAll(/\r?\n/g, "\r\n")).toString("base64");
  return [
    `From: ${from}`,
    `To: ${encodeWords(to.name)} <${to.email}>`,
    `Subject: ${encodeWords(subject)}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${messageId}>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    ...(body.match(/.{1,76}/g) ?? []),
    "",
  ].join("\r\n");
}

/** So many bytes make an encoded word of less than 75 characters. */
const wordBytes = 42;

function encodeWords(text: string): string {
  if (/^[A-Za-z0-9 .-]{1,60}$/.test(text)) return text;
  const words = [""];
  for (const character of text) {
    const last = `${words.at(-1)}${character}`;
    if (Buffer.byteLength(last) <= wordBytes) words[words.length - 1] = last;
    else words.push(character);
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ");
}
