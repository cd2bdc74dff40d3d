/** Where the items of one open stream go: what a surface makes when the stream opens. */
export interface StreamSink {
  /** What was sent so far. *Units*: bytes. */
  readonly bytes: number;
  /** How long its client may read nothing while something waits for it. *Units*: milliseconds. */
  readonly stallMs: number;
  /** Sends an item. Returns whether another may follow at once; if not, `drained` is called when it may. */
  send(json: string, id: string | undefined): boolean;
  /** Lets more messages of the client come. *Default*: it sends none. */
  goOn?(): void;
  /** Sends a sign of life. */
  beat(): void;
}
