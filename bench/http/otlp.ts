/** Counts the spans of an ExportTraceServiceRequest. */
export function countSpans(body: Buffer, contentType: string): number {
  if (!contentType.startsWith("application/json")) return countFields(body, [1, 2, 2]);
  const { resourceSpans } = JSON.parse(body.toString()) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
  let spans = 0;
  for (const resource of resourceSpans) for (const scope of resource.scopeSpans) spans += scope.spans.length;
  return spans;
}

/** How many messages lie at a path of field numbers: resource_spans (1), in it scope_spans (2), in it spans (2). */
function countFields(message: Buffer, [field, ...inner]: readonly number[]): number {
  if (field === undefined) return 1;
  let [count, at] = [0, 0];
  const varint = () => {
    let [value, scale, byte] = [0, 1, 0x80];
    while (byte >= 0x80) {
      byte = message[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else {
      const length = varint();
      if (Math.floor(tag / 8) === field) count += countFields(message.subarray(at, at + length), inner);
      at += length;
    }
  }
  return count;
}
