import { isUtf8 } from "node:buffer";
import { malformedMultipart } from "./faults.ts";

/** What the head of one part says. */
export interface PartHead {
  readonly name: string;
  /** As it was sent; undefined where the part is no file. */
  readonly fileName: string | undefined;
  readonly type: string | undefined;
}

const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s;
const parameter = /;[ \t]*([A-Za-z*]+)=(?:"([^"]*)"|([^\s";,\\]+))[ \t]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a line break or a zero in a head is read differently by other servers.
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Reads the head of one part. *Source*: RFC 7578 §4; WHATWG HTML, multipart form data. *Faults thrown*: `malformed_multipart`. */
export function readPartHead(bytes: Buffer): PartHead {
  if (!isUtf8(bytes)) throw malformedMultipart("The head of a part is not UTF-8");
  let disposition: string | undefined;
  let type: string | undefined;
  for (const text of bytes.toString("utf8").split("\r\n")) {
    const [, name = "", value = ""] = line.exec(text) ?? [];
    if (name === "" || control.test(text)) throw malformedMultipart("The head of a part has a line that is no header");
    const lower = name.toLowerCase();
    if (lower === "content-disposition") disposition = once(disposition, value);
    else if (lower === "content-type") type = once(type, value);
    else if (lower === "content-transfer-encoding" && !/^(?:binary|8bit|7bit)$/i.test(value))
      throw malformedMultipart("A part has a Content-Transfer-Encoding, which forms do not have");
  }
  return { ...readDisposition(disposition ?? ""), type };
}

function once(before: string | undefined, value: string): string {
  if (before !== undefined) throw malformedMultipart("The head of a part has a header twice");
  return value;
}

function readDisposition(value: string): Pick<PartHead, "name" | "fileName"> {
  const start = /^form-data[ \t]*/i.exec(value)?.[0].length;
  if (start === undefined) throw malformedMultipart('A part has no "Content-Disposition: form-data"');
  const found = new Map<string, string>();
  for (parameter.lastIndex = start; parameter.lastIndex < value.length; ) {
    const [, key, quoted, bare] = parameter.exec(value) ?? [];
    if (key === undefined) throw malformedMultipart("The Content-Disposition of a part cannot be read");
    const lower = key.toLowerCase();
    if (lower === "filename*") throw malformedMultipart("A part has filename*, which forms do not have: send filename in UTF-8");
    if (found.has(lower)) throw malformedMultipart("The Content-Disposition of a part says something twice");
    found.set(lower, unescaped(quoted ?? bare ?? ""));
  }
  const name = found.get("name");
  if (name === undefined) throw malformedMultipart("A part has no name");
  return { name, fileName: found.get("filename") };
}

/** What browsers escape of a name, and nothing else. */
function unescaped(text: string): string {
  return text.replaceAll(/%(22|0D|0A)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
