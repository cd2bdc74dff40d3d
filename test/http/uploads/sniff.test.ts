import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { mayBe, sniffedBytes, sniffType } from "../../../src/http/uploads/sniff.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the type of a file by its first bytes", () => {
  const cases: readonly (readonly [why: string, bytes: Uint8Array, type: string | undefined])[] = [
    ["PNG", latin1("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png"],
    ["half the magic of PNG", latin1("\x89PNG"), undefined],
    ["JPEG", latin1("\xff\xd8\xff\xe0"), "image/jpeg"],
    ["GIF", latin1("GIF89a\x01"), "image/gif"],
    ["WebP", latin1("RIFF\x10\0\0\0WEBPVP8 "), "image/webp"],
    ["WAVE", latin1("RIFF\x10\0\0\0WAVEfmt "), "audio/wav"],
    ["another RIFF", latin1("RIFF\x10\0\0\0AVI LIST"), undefined],
    ["PDF", latin1("%PDF-1.7\n%\xe2\xe3"), "application/pdf"],
    ["ZIP", latin1("PK\x03\x04\x14\0"), "application/zip"],
    ["an empty ZIP", latin1("PK\x05\x06\0\0"), "application/zip"],
    ["gzip", gzipSync("a"), "application/gzip"],
    ["zstd", zstdCompressSync("a"), "application/zstd"],
    ["MP4", latin1("\0\0\0\x20ftypisom\0"), "video/mp4"],
    ["AVIF", latin1("\0\0\0\x20ftypavif"), "image/avif"],
    ["MP3 without a tag", latin1("\xff\xfb\x90\x44\0"), "audio/mpeg"],
    ["a program", latin1("MZ\x90\0\x03"), "application/vnd.microsoft.portable-executable"],
    ["a text that begins like a program", latin1("MZ is no program"), "text/plain"],
    ["text", Buffer.from("name,é\r\n"), "text/plain"],
    ["text whose last character is cut", Buffer.from(`a${"é".repeat(sniffedBytes)}`), "text/plain"],
    ["text of which a character is half there", Buffer.from([0x61, 0xc3]), undefined],
    ["text with a zero", latin1("a\0b"), undefined],
    ["text in another encoding", latin1("caf\xe9 au lait"), undefined],
    ["nothing", new Uint8Array(0), "text/plain"],
  ];
  for (const [why, bytes, type] of cases) it(`${why} is ${type}`, () => assert.equal(sniffType(bytes), type));

  const pairs: readonly (readonly [declared: string, sniffed: string | undefined, fits: boolean])[] = [
    ["image/png", "image/png", true],
    ["image/png", "image/jpeg", false],
    ["image/png", undefined, false],
    ["image/png", "text/plain", false],
    ["application/octet-stream", "application/x-executable", true],
    ["text/csv", "text/plain", true],
    ["image/svg+xml", "text/plain", true],
    ["application/geo+json", "text/plain", true],
    ["text/csv", "application/zip", false],
    ["text/csv", undefined, false],
    ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/zip", true],
    ["application/epub+zip", "application/zip", true],
    ["application/pdf", "application/zip", false],
    ["video/quicktime", "video/mp4", true],
    ["application/x-own", undefined, true],
    ["application/x-own", "text/plain", true],
    ["application/x-own", "application/x-executable", false],
  ];
  for (const [declared, sniffed, fits] of pairs)
    it(`${declared} may ${fits ? "" : "not "}be what looks like ${sniffed}`, () => assert.equal(mayBe(declared, sniffed), fits));
});
