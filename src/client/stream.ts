import { type CallFault, faultOf, replyMalformed } from "./call-fault.ts";

/** What a stream sends: an item, its end, or how to continue. */
export type StreamPart =
  | { readonly item: unknown }
  | { readonly id: string }
  | { readonly retryMs: number }
  | { readonly fault: CallFault }
  | { readonly end: true };

/** The text of a reply as it comes. */
async function* texts(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield decoder.decode(read.value, { stream: true });
    yield decoder.decode();
  } finally {
    // The caller may have left the loop: the connection must not stay open for it.
    reader.cancel().catch(() => undefined);
  }
}

/** The parts of a reply up to each *end*. *Bounds*: one has at most *mostChars*. */
async function* blocks(response: Response, end: string, mostChars: number): AsyncGenerator<string> {
  let rest = "";
  for await (const text of texts(response)) {
    // What was searched before is not searched again.
    let at = Math.max(0, rest.length - end.length + 1);
    rest += text;
    for (at = rest.indexOf(end, at); at >= 0; at = rest.indexOf(end)) {
      yield rest.slice(0, at);
      rest = rest.slice(at + end.length);
    }
    if (rest.length > mostChars) throw tooLong(mostChars);
  }
  if (rest !== "") yield rest;
}

const tooLong = (mostChars: number) => replyMalformed(`A part of the reply has more than ${mostChars} characters.`);

/** Reads server-sent events. *Source*: HTML Standard, section 9.2, as far as the service writes it. */
export async function* readEvents(response: Response, mostChars: number): AsyncGenerator<StreamPart> {
  for await (const block of blocks(response, "\n\n", mostChars)) {
    let event = "";
    let data: string | undefined;
    for (const line of block.split("\n")) {
      const [, field, value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (field === "event") event = value;
      else if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
      else if (field === "id") yield { id: value };
      else if (field === "retry") yield { retryMs: Number(value) };
    }
    if (event === "end") yield { end: true };
    else if (data !== undefined)
      yield event === "problem"
        ? { fault: faultOf(json(data)) ?? replyMalformed("A stream failed and does not say how.") }
        : { item: json(data) };
  }
}

/** Reads lines of JSON. The end of the reply is the end of the stream; a problem in the place of an item is how it failed. */
export async function* readLines(response: Response, mostChars: number): AsyncGenerator<StreamPart> {
  for await (const line of blocks(response, "\n", mostChars)) {
    if (line === "") continue;
    const item = json(line);
    const fault = faultOf(item);
    yield fault === undefined ? { item } : { fault };
  }
  yield { end: true };
}

/** Reads the text of a whole reply. *Bounds*: *mostChars*. */
export async function readText(response: Response, mostChars: number): Promise<string> {
  let all = "";
  for await (const text of texts(response)) {
    all += text;
    if (all.length > mostChars) throw tooLong(mostChars);
  }
  return all;
}

/** Reads JSON of the service. *Faults thrown*: `internal` of type `reply_malformed`. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw replyMalformed("The reply is not JSON.", thrown);
  }
}
