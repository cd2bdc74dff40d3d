const maxVisited = 10_000;
const maxPlaces = 8;

/** Where in a value another stands, as JSON Pointers: eight at the most, of the first 10,000 values. Empty where it is not in there. */
export function placesOf(whole: unknown, isSought: (value: unknown) => boolean): readonly string[] {
  const places: string[] = [];
  const waiting: (readonly [value: unknown, pointer: string])[] = [[whole, ""]];
  for (let at = 0; at < waiting.length && at < maxVisited && places.length < maxPlaces; at++) {
    const [value, pointer] = waiting[at]!;
    if (isSought(value)) places.push(pointer);
    else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array) && waiting.length < maxVisited)
      for (const [key, inner] of Object.entries(value))
        waiting.push([inner, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`]);
  }
  return places;
}
