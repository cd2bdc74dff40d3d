import { isUtf8 } from "node:buffer";

/** How many bytes are looked at. */
export const sniffedBytes = 1_024;

interface Magic {
  readonly type: string;
  readonly at: number;
  readonly bytes: Buffer;
}

const magic = (type: string, text: string, at = 0): Magic => ({ type, at, bytes: Buffer.from(text, "latin1") });

/** *Source*: WHATWG MIME Sniffing §6; RFC 1952, RFC 8878, and the specifications of PDF, ZIP and MP4. */
const magics: readonly Magic[] = [
  magic("image/png", "\x89PNG\r\n\x1a\n"),
  magic("image/jpeg", "\xff\xd8\xff"),
  magic("image/gif", "GIF87a"),
  magic("image/gif", "GIF89a"),
  magic("application/pdf", "%PDF-"),
  magic("application/zip", "PK\x03\x04"),
  magic("application/zip", "PK\x05\x06"),
  magic("application/gzip", "\x1f\x8b\x08"),
  magic("application/zstd", "\x28\xb5\x2f\xfd"),
  magic("application/x-7z-compressed", "7z\xbc\xaf\x27\x1c"),
  magic("application/vnd.rar", "Rar!\x1a\x07"),
  magic("video/webm", "\x1a\x45\xdf\xa3"),
  magic("application/ogg", "OggS\x00"),
  magic("image/tiff", "II*\x00"),
  magic("image/tiff", "MM\x00*"),
  magic("application/x-executable", "\x7fELF"),
];
/** What a text may begin with too. */
const shortMagics: readonly Magic[] = [magic("audio/mpeg", "ID3"), magic("application/vnd.microsoft.portable-executable", "MZ")];
const known: ReadonlySet<string> = new Set([
  ...[...magics, ...shortMagics].map(({ type }) => type),
  "image/webp",
  "audio/wav",
  "video/mp4",
  "image/avif",
  "image/heic",
]);

/**
 * Recognises what a file is by its first bytes: one of the usual types, `text/plain` if they are text in UTF-8, or undefined.
 * *Bounds*: a type of its own that is written into another, as a text document is into a ZIP, is recognised as the other.
 */
export function sniffType(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, sniffedBytes));
  const begins = ({ at, bytes: wanted }: Magic) => bytes.subarray(at, at + wanted.length).equals(wanted);
  const found = magics.find(begins);
  if (found !== undefined) return found.type;
  const form = bytes.toString("latin1", 8, 12);
  if (bytes.toString("latin1", 0, 4) === "RIFF") return form === "WEBP" ? "image/webp" : form === "WAVE" ? "audio/wav" : undefined;
  if (bytes.toString("latin1", 4, 8) === "ftyp")
    return form.startsWith("avi") ? "image/avif" : form.startsWith("he") ? "image/heic" : "video/mp4";
  if (isText(bytes)) return "text/plain";
  const isFrame = bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0;
  return isFrame ? "audio/mpeg" : shortMagics.find(begins)?.type;
}

function isText(bytes: Buffer): boolean {
  for (const byte of bytes)
    if (byte === 0x7f || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d)) return false;
  // The last character may be cut.
  for (let cut = 0; cut < 4 && cut <= bytes.length; cut++)
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return cut === 0 || bytes.length >= sniffedBytes;
  return false;
}

const zips =
  /^application\/(?:.+\+zip|vnd\.openxmlformats-.+|vnd\.oasis\.opendocument\..+|java-archive|x-zip-compressed|vnd\.android\.package-archive)$/;
const texts =
  /^(?:text\/.+|image\/svg\+xml|application\/(?:.+\+)?(?:json|xml)|application\/(?:x-ndjson|javascript|yaml|sql|x-sh|rtf|toml|ecmascript|jsonl))$/;
const isoMedia = /^(?:video\/(?:mp4|quicktime|3gpp2?|x-m4v)|audio\/(?:mp4|x-m4a)|image\/(?:avif|heic|heif))$/;

/** Whether bytes that were recognised as one type may be what their sender says they are. */
export function mayBe(declared: string, sniffed: string | undefined): boolean {
  if (declared === "application/octet-stream" || declared === sniffed) return true;
  if (sniffed === undefined) return !known.has(declared) && !texts.test(declared);
  if (sniffed === "text/plain") return texts.test(declared) || !known.has(declared);
  if (sniffed === "application/zip") return zips.test(declared);
  if (sniffed === "application/gzip") return /^application\/(?:x-gzip|x-tar|.+\+gzip|x-compressed-tar)$/.test(declared);
  if (sniffed === "video/mp4" || sniffed === "image/avif" || sniffed === "image/heic") return isoMedia.test(declared);
  if (sniffed === "video/webm") return /^(?:audio\/webm|(?:video|audio)\/x-matroska)$/.test(declared);
  if (sniffed === "application/ogg") return /^(?:audio|video)\/ogg$/.test(declared);
  if (sniffed === "audio/wav") return /^audio\/(?:x-wav|vnd\.wave|wave)$/.test(declared);
  return false;
}
