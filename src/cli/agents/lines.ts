/** One line of an input: its bytes, or undefined of one that is too long. */
export type Line = Uint8Array | undefined;

/** Splits an input into its lines. *Bounds*: of a longer line than `mostBytes` nothing is kept. */
export async function* linesOf(input: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      bytes += end;
      yield bytes > mostBytes ? undefined : Buffer.concat([...parts, rest.subarray(0, end)]);
      parts = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
    }
    bytes += rest.length;
    if (bytes > mostBytes) parts = [];
    else if (rest.length > 0) parts.push(rest);
  }
  if (bytes > 0) yield bytes > mostBytes ? undefined : Buffer.concat(parts);
}
