/** How a stream ends, for its client. */
export interface StreamEnding {
  /** The problem document, if it ends before it is complete. */
  readonly problem?: string;
  /** After how long the client should reconnect, if the server ended it only for now. *Units*: milliseconds. */
  readonly retryMs?: number | undefined;
}

/** How the items of a stream are written. */
export interface StreamFormat {
  /** The media type. */
  readonly type: string;
  /** A sign of life, which clients pass over. */
  readonly beat: string;
  item(json: string, id: string | undefined): string;
  end(ending: StreamEnding): string;
}

/**
 * Server-sent events. The last event is `end` where the stream is complete, and `problem` where it failed; a stream that ended for now says `retry`.
 * *Source*: HTML Standard, section 9.2. A line holds no line break: JSON writes them as escapes, and an id is checked.
 */
const eventStream: StreamFormat = {
  type: "text/event-stream",
  beat: ":\n\n",
  item: (json, id) => (id === undefined ? `data: ${json}\n\n` : `id: ${id}\ndata: ${json}\n\n`),
  end: ({ problem, retryMs }) => {
    if (problem === undefined) return "event: end\ndata: {}\n\n";
    return retryMs === undefined ? `event: problem\ndata: ${problem}\n\n` : `retry: ${retryMs}\n\n`;
  },
};

/** Lines of JSON, each an item. The last line is a problem document if the stream ended before it was complete. */
const linesAs = (type: string): StreamFormat => ({
  type,
  beat: "\n",
  item: (json) => `${json}\n`,
  end: ({ problem }) => (problem === undefined ? "" : `${problem}\n`),
});

/** All formats, in the order in which they are preferred. */
export const streamFormats: readonly StreamFormat[] = [eventStream, linesAs("application/x-ndjson"), linesAs("application/jsonl")];
