// RFC 9113 §8 and RFC 7541: requests, and how their fields are compressed.
import { block, fieldsOf, flags, frame, frameTypes as types } from "../frames.ts";
import { codes, data, type FrameCase, headers, opened, post, section } from "./case.ts";

const malformed = { gives: "stream", codes: [codes.protocol] } as const;
const served = { gives: "served" } as const;
const compression = { gives: "connection", codes: [codes.compression] } as const;
const more = (...own: (readonly [string, string])[]) => [headers(1, post(own))];
const of = (...fields: (readonly [string, string])[]) => [headers(1, fields)];
const method = [":method", "POST"] as const;
const scheme = [":scheme", "https"] as const;
const path = [":path", "/"] as const;
const authority = [":authority", "shop.test"] as const;
const trailers = (fields: readonly (readonly [string, string])[], flag: number = flags.endStream | flags.endHeaders) =>
  frame([types.headers, flag, 1], block(fields));

const fields: readonly FrameCase[] = [
  ...section("RFC 9113 §8.1", served, {
    trailers: [opened(1), data(1, "a", 0), trailers([["x-sum", "1"]])],
    "trailers without a body": [opened(1), trailers([["x-sum", "1"]])],
  }),
  ...section("RFC 9113 §8.1", malformed, {
    "HEADERS in the middle that do not end the stream": [opened(1), trailers([["x-a", "1"]], flags.endHeaders), data(1, "a")],
    "trailers with a field that begins with a colon": [opened(1), data(1, "a", 0), trailers([[":method", "GET"]])],
    "trailers with an unknown field that begins with a colon": [opened(1), data(1, "a", 0), trailers([[":test", "a"]])],
  }),
  ...section("RFC 9113 §8.1.1", served, {
    "a length that is right": [opened(1, [["content-length", "3"]]), data(1, "abc")],
    "a length of several frames": [opened(1, [["content-length", "3"]]), data(1, "a", 0), data(1, "bc")],
    "a length of 0": more(["content-length", "0"]),
  }),
  ...section("RFC 9113 §8.1.1", malformed, {
    "a length that is too large": [opened(1, [["content-length", "4"]]), data(1, "abc")],
    "a length that is too small": [opened(1, [["content-length", "2"]]), data(1, "abc")],
    "a length without a body": more(["content-length", "1"]),
    "a length that a second frame exceeds": [opened(1, [["content-length", "1"]]), data(1, "a", 0), data(1, "b")],
    "a length that is no number": more(["content-length", "one"]),
    "a length that is negative": more(["content-length", "-1"]),
    "two lengths": [
      opened(1, [
        ["content-length", "3"],
        ["content-length", "4"],
      ]),
      data(1, "abc"),
    ],
  }),
  ...section("RFC 9113 §8.2.1", malformed, {
    "capital letters in a name": more(["X-Upper", "a"]),
    "an empty name": more(["", "a"]),
    "a space in a name": more(["x a", "a"]),
    "a colon in a name": more(["x:a", "a"]),
    "a NUL in a name": more(["x\0", "a"]),
    "a character above ASCII in a name": more(["x\xff", "a"]),
    "a NUL in a value": more(["x-a", "a\0b"]),
    "a line feed in a value": more(["x-a", "a\nb"]),
    "a carriage return in a value": more(["x-a", "a\rb"]),
    "a space before a value": more(["x-a", " a"]),
    "a space behind a value": more(["x-a", "a "]),
    "a tab before a value": more(["x-a", "\ta"]),
  }),
  ...section("RFC 9113 §8.2.1", served, {
    "an empty value": more(["x-a", ""]),
    "characters above ASCII in a value": more(["x-a", "\xe4"]),
    "a space within a value": more(["x-a", "a b"]),
  }),
  ...section("RFC 9113 §8.2.2", malformed, {
    connection: more(["connection", "keep-alive"]),
    "connection: close": more(["connection", "close"]),
    "keep-alive": more(["keep-alive", "timeout=5"]),
    "proxy-connection": more(["proxy-connection", "keep-alive"]),
    "transfer-encoding": more(["transfer-encoding", "chunked"]),
    upgrade: more(["upgrade", "h2c"]),
    "TE that is not trailers": more(["te", "gzip"]),
    "TE with more than trailers": more(["te", "trailers, gzip"]),
  }),
  ...section("RFC 9113 §8.2.2", served, { "TE: trailers": more(["te", "trailers"]) }),
  ...section("RFC 9113 §8.2.3", served, { "a cookie in several fields": more(["cookie", "a=b"], ["cookie", "c=d"]) }),
  ...section("RFC 9113 §8.3", malformed, {
    "an unknown field that begins with a colon": of(method, scheme, path, authority, [":test", "a"]),
    "a field of responses": of(method, scheme, path, authority, [":status", "200"]),
    "a colon behind usual fields": of(method, scheme, ["x-a", "1"], path, authority),
    "no method": of(scheme, path, authority),
    "no scheme": of(method, path, authority),
    "no path": of(method, scheme, authority),
    "an empty path": of(method, scheme, [":path", ""], authority),
    "a path that does not begin with a slash": of(method, scheme, [":path", "a"], authority),
    "two methods": of(method, method, scheme, path, authority),
    "two schemes": of(method, scheme, scheme, path, authority),
    "two paths": of(method, scheme, path, path, authority),
    "two authorities": of(method, scheme, path, authority, authority),
    "a * as path of another method than OPTIONS": of(method, scheme, [":path", "*"], authority),
    "an empty method": of([":method", ""], scheme, path, authority),
    "a space in the method": of([":method", "PO ST"], scheme, path, authority),
    "a host that is another than the authority": more(["host", "other.test"]),
    "a user in the authority": of(method, scheme, path, [":authority", "me@shop.test"]),
  }),
  ...section("RFC 9113 §8.3.1", served, {
    "a host that is the authority": more(["host", "shop.test"]),
    "a host without an authority": of(method, scheme, path, ["host", "shop.test"], ["content-type", "application/octet-stream"]),
  }),
  ...section("RFC 9113 §8.5", malformed, {
    "CONNECT with a path": of([":method", "CONNECT"], path, authority),
    "CONNECT with a scheme": of([":method", "CONNECT"], scheme, authority),
    "CONNECT without an authority": of([":method", "CONNECT"]),
    "CONNECT with a protocol, which was not offered": of([":method", "CONNECT"], [":protocol", "websocket"], scheme, path, authority),
  }),
];

const raw = (...bytes: number[]) => [headers(1, Buffer.concat([block(fieldsOf("POST", "/")), Buffer.of(...bytes)]))];
const first = (...bytes: number[]) => [headers(1, Buffer.concat([Buffer.of(...bytes), block(post())]))];

const hpack: readonly FrameCase[] = [
  ...section("RFC 7541 §2.3.3", compression, {
    "an index above both tables": raw(0xff, 0x80, 0x01),
    "an index above both tables, of a name": raw(0x7f, 0x80, 0x01, 0x01, 0x61),
  }),
  ...section("RFC 7541 §4.2", compression, { "a change of the table behind a field": raw(0x3f, 0x01) }),
  ...section("RFC 7541 §4.2", served, { "a change of the table before the fields": first(0x20), "two changes": first(0x20, 0x3f, 0x01) }),
  ...section("RFC 7541 §5.1", compression, {
    "an integer without an end": raw(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    "an integer that is cut off": raw(0x7f, 0xff),
  }),
  ...section("RFC 7541 §5.2", compression, {
    "Huffman padding of more than 7 bits": raw(0x00, 0x01, 0x61, 0x82, 0x1f, 0xff),
    "Huffman padding that is not of ones": raw(0x00, 0x01, 0x61, 0x81, 0x18),
    "the Huffman code of the end": raw(0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff),
    "a text that is longer than its block": raw(0x00, 0x01, 0x61, 0x7f, 0x10, 0x61),
  }),
  ...section("RFC 7541 §5.2", served, { "a text in the Huffman code": raw(0x00, 0x01, 0x61, 0x81, 0x1f) }),
  ...section("RFC 7541 §6.1", compression, { "the index 0": raw(0x80) }),
  ...section("RFC 7541 §6.2", served, {
    "a literal that is never indexed": raw(0x10, 0x01, 0x61, 0x01, 0x62),
    "a literal that is indexed, and used": raw(0x40, 0x01, 0x61, 0x01, 0x62, 0xbe),
  }),
  ...section("RFC 7541 §6.3", compression, { "a table that is larger than is allowed": first(0x3f, 0xe2, 0x1f) }),
];

export const requests: readonly FrameCase[] = [...fields, ...hpack];
