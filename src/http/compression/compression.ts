// As a whole: a Node.js that is too old lacks zstd, and would not get as far as saying so.
import zlib from "node:zlib";
import { limits } from "../../core/limits.ts";
import type { HttpReply } from "../reply/reply.ts";
import { codedTag } from "./entity-tag.ts";
import { type Coding, chooseCoding } from "./negotiate.ts";
import type { CompressionOptions } from "./options.ts";

const writers: Readonly<Record<Coding, () => NodeJS.ReadWriteStream>> = {
  zstd: () => zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } }),
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => zlib.createGzip({ level: 6 }),
};

/**
 * Compresses a reply as the client likes it best, in the threads of zlib, while it is sent. A strong `ETag` stands for the very bytes of a reply, so that of a
 * compressed one is another.
 * *Source*: RFC 9110 §8.8.3.3.
 */
export function compressed(
  reply: HttpReply,
  acceptEncoding: string | undefined,
  { threshold = limits.compressedBytes }: CompressionOptions,
): HttpReply {
  const { status, headers, body, download } = reply;
  // It stands for a reply that may have been compressed, as caches must know.
  if (status === 304) return { ...reply, headers: [...headers, "vary", "Accept-Encoding"] };
  if (download !== undefined || status !== 200 || body.length < threshold) return reply;
  const vary = [...headers, "vary", "Accept-Encoding"];
  const coding = chooseCoding(acceptEncoding);
  if (coding === undefined) return { ...reply, headers: vary };
  const open = () => {
    const writer = writers[coding]();
    writer.end(body);
    return writer as unknown as AsyncIterable<Uint8Array>;
  };
  for (let i = 0; i < vary.length; i += 2) if (vary[i] === "etag") vary[i + 1] = codedTag(vary[i + 1] as string, coding);
  return { ...reply, headers: [...vary, "content-encoding", coding], body: "", download: { length: undefined, open } };
}
