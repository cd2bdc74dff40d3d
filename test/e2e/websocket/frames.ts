// Frames of WebSockets as a client sends them, and as it reads them.
/** A frame of a client, with a mask of zeros. */
export function frame(first: number, payload: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(payload);
  const length =
    bytes.length < 126 ? Buffer.from([0x80 | bytes.length]) : Buffer.from([0x80 | 126, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), bytes]);
}

/** Messages that an echo refuses whose items are `{ text }` of at most 20 characters, with a bound of 1,000 bytes and 20 messages in a second. */
export const refusedMessages: readonly (readonly [what: string, code: number, frames: () => readonly Buffer[]])[] = [
  ["is not JSON", 1007, () => [frame(0x81, "no")]],
  ["is not UTF-8", 1007, () => [frame(0x81, Buffer.from([0xff, 0xfe]))]],
  ["does not fit the schema", 4400, () => [frame(0x81, '{"text":1}')]],
  ["is binary", 1003, () => [frame(0x82, "{}")]],
  ["is larger than its bound", 1009, () => [frame(0x81, Buffer.alloc(1_001, 0x20))]],
  ["says that it is huge", 1009, () => [Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]],
  ["comes in too many fragments", 1008, () => [frame(0x01), ...Array.from({ length: 200 }, () => frame(0x00))]],
  ["has no mask", 1002, () => [Buffer.from([0x81, 2, 0x7b, 0x7d])]],
  ["has a reserved bit", 1002, () => [frame(0xc1, "{}")]],
  ["begins inside another one", 1002, () => [frame(0x01, "{"), frame(0x81, "{}")]],
  ["is one of too many", 1008, () => Array.from({ length: 50 }, () => frame(0x81, '{"text":"x"}'))],
  ["makes its handler fail", 1011, () => [frame(0x81, '{"text":"bug"}')]],
];
