import { Fault } from "../../core/fault.ts";
import type { AskVault, DataKey, VaultKeys } from "./vault.ts";

/** The member by which a sealed value in stored JSON is known. */
export const sealedMember = "$sealed";

const form = /^pv1\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43,})$/;

/** Reads a sealed text: the id of its key, and what the key sealed; undefined where it is none. */
export function readSealed(sealed: string): { readonly key: string; readonly text: string } | undefined {
  const [, key, text] = form.exec(sealed) ?? [];
  return key === undefined || text === undefined ? undefined : { key, text };
}

/** A value in stored JSON, and where it belongs. */
export interface Held {
  readonly name: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly data: string;
}

/**
 * Opens what is sealed in stored data. What a deleted key has sealed becomes what the schema declares for it. An object that only looks as if it was sealed stays as
 * it is.
 */
export async function openSealed<H extends Held>(
  vault: VaultKeys,
  held: readonly H[],
  { ask = vault.ask, used }: { readonly ask?: AskVault | undefined; readonly used?: (key: DataKey) => void } = {},
): Promise<readonly H[]> {
  const texts: string[] = [];
  const parsed = held.map((one) => {
    if (!one.data.includes(`"${sealedMember}":"pv1.`)) return undefined;
    const data: unknown = JSON.parse(one.data);
    walk(data, "", (sealed) => {
      texts.push(sealed);
    });
    return data;
  });
  if (texts.length === 0) return held;
  const keys = await vault.keysOf(ask, texts);
  if (used !== undefined) for (const key of keys.values()) used(key);
  return held.map((one, at) => {
    if (parsed[at] === undefined) return one;
    const opened = walk(parsed[at], "", (sealed, path, erased) => {
      const read = readSealed(sealed);
      if (read === undefined) return undefined;
      const key = keys.get(read.key);
      if (key === undefined) return erased;
      if (key.tenant !== (one.tenant ?? "")) return undefined;
      try {
        return JSON.parse(key.open({ field: `${one.name}${path}`, id: one.id }, sealed));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return undefined;
      }
    });
    return { ...one, data: JSON.stringify(opened) };
  });
}

type OpenValue = (sealed: string, path: string, erased: unknown) => unknown;

/** A copy in which what is sealed is what `open` returns; where that is undefined, it stays. */
function walk(value: unknown, path: string, open: OpenValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  const inside = (inner: unknown, key: string | number) =>
    walk(inner, `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`, open);
  if (Array.isArray(value)) return value.map((item, index) => inside(item, index));
  const { [sealedMember]: sealed, erased = null, ...rest } = value as Readonly<Record<string, unknown>>;
  if (typeof sealed === "string" && sealed.startsWith("pv1.") && Object.keys(rest).length === 0) {
    const opened = open(sealed, path, erased);
    if (opened !== undefined) return opened;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, inside(field, key)]));
}
