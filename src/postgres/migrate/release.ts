/** The release of Plimsoll that this is: the version in package.json, which a test holds equal to it. */
export const release = "0.1.0";

/** Whether a version comes after another, by the order of semantic versions. One that cannot be read comes after none. */
export function isLaterRelease(version: string, than: string): boolean {
  const [one, other] = [partsOf(version), partsOf(than)];
  if (one === undefined || other === undefined) return false;
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const order = compare(one[at], other[at]);
    if (order !== 0) return order > 0;
  }
  return false;
}

/** The three numbers, then what stands before a release: "rc.2" as "rc" and 2. Build metadata has no order. */
function partsOf(version: string): readonly (string | number)[] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+|$)/.exec(version);
  if (match === null) return undefined;
  const before = match[4]?.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)) ?? [];
  return [...match.slice(1, 4).map(Number), before.length > 0 ? 0 : 1, ...before];
}

/** Numbers before words, fewer parts before more. */
function compare(one: string | number | undefined, other: string | number | undefined): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return one < other ? -1 : 1;
}
