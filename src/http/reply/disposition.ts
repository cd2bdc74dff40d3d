import { limits } from "../../core/limits.ts";

// Separators of paths, control characters, and the marks that reverse the order in which a name is shown: gpj.exe must not look like exe.jpg.
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\\/:]|^\.+/gu;
const notAscii = /[^\x20-\x7e]|["%]/gu;

const withoutUnsafe = (name: string): string => name.replaceAll(unsafe, "_");

/** The name of a file that a caller sends, without the folders before it; undefined where nothing is left. *Bounds*: `fileNameChars`. */
export function safeFileName(name: string): string | undefined {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const safe = withoutUnsafe(last.slice(0, limits.fileNameChars).toWellFormed());
  return safe === "" ? undefined : safe;
}

/**
 * Writes `Content-Disposition` for a file that a browser stores, or returns undefined where the name is none.
 * *Bounds*: `fileNameChars`. *Guarantees*: printable ASCII; a name that callers made cannot name a folder, end the header or hide its ending:
 * such characters become `_`. *Source*: RFC 6266 section 4 and appendix D, RFC 8187.
 */
export function dispositionOf(name: unknown): string | undefined {
  if (typeof name !== "string" || name.length === 0 || name.length > limits.fileNameChars || !name.isWellFormed()) return undefined;
  const safe = withoutUnsafe(name);
  const ascii = safe.replaceAll(notAscii, "_");
  if (ascii === safe) return `attachment; filename="${ascii}"`;
  const encoded = encodeURIComponent(safe).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
