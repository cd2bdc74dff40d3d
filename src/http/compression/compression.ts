// As a whole: a Node.js that is too old lacks zstd, and would not get as far as saying so.
import zlib from "node:zlib";
import { limits } from "../../core/limits.ts";
import type { HttpReply } from "../reply/reply.ts";
import { type Coding, chooseCoding } from "./negotiate.ts";
import type { CompressionOptions } from "./options.ts";

const writers: Readonly<Record<Coding, () => NodeJS.ReadWriteStream>> = {
  zstd: () => zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } }),
  br: () => zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => zlib.createGzip({ level: 6 }),
};

/**
 * Compresses a reply as the client likes it best, in the threads of zlib, while it is sent. A reply with a version stays as it is: its `ETag` is strong, and stands
 * for its very bytes.
 */
export function compressed(
  reply: HttpReply,
  acceptEncoding: string | undefined,
  { threshold = limits.compressedBytes }: CompressionOptions,
): HttpReply {
  const { status, headers, body, download } = reply;
  if (download !== undefined || status !== 200 || body.length < threshold || headers.includes("etag")) return reply;
  const vary = [...headers, "vary", "Accept-Encoding"];
  const coding = chooseCoding(acceptEncoding);
  if (coding === undefined) return { ...reply, headers: vary };
  const open = () => {
    const writer = writers[coding]();
    writer.end(body);
    return writer as unknown as AsyncIterable<Uint8Array>;
  };
  return { ...reply, headers: [...vary, "content-encoding", coding], body: "", download: { length: undefined, open } };
}
