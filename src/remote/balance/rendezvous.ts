/**
 * The weight of an address for a key: the address with the most weight has the key. When an address leaves, only its own keys move.
 * *Source*: highest random weight hashing (Thaler and Ravishankar, 1998); FNV-1a, with the finisher of MurmurHash3.
 */
export function weightOf(key: string, address: string): number {
  let hash = 0x811c9dc5;
  for (const text of [key, "\n", address])
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
