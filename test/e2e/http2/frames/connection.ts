// RFC 9113 §3 to §6: the preface, frames, streams, and the rules of each frame.
import { block, flags, frame, preface, setting, frameTypes as types, uint32 } from "../frames.ts";
import { codes, data, type FrameCase, headers, opened, post, section } from "./case.ts";

const settings = (payload: Uint8Array = Buffer.alloc(0), flag = 0, id = 0) => frame([types.settings, flag, id], payload);
const window = (id: number, by: number) => frame([types.window, 0, id], uint32(by));
const reset = (id: number, payload: Uint8Array = uint32(8)) => frame([types.reset, 0, id], payload);
const priority = (id: number, payload: Uint8Array = Buffer.of(0, 0, 0, 0, 15)) => frame([types.priority, 0, id], payload);
const goaway = (id: number, payload: Uint8Array = Buffer.alloc(8)) => frame([types.goaway, 0, id], payload);
const rest = (id: number, flag: number, fields: Parameters<typeof block>[0] = []) => frame([types.continuation, flag, id], block(fields));
const padded = flags.padded | flags.endHeaders | flags.endStream;
const ended = "served" as const;
const protocol = { gives: "connection", codes: [codes.protocol] } as const;
const size = { gives: "connection", codes: [codes.size] } as const;
const sizeOrProtocol = { gives: "connection", codes: [codes.size, codes.protocol] } as const;
const closed = { gives: "stream", codes: [codes.closed, codes.protocol] } as const;

const start: readonly FrameCase[] = [
  ...section(
    "RFC 9113 §3.4",
    { ...protocol, isBare: true },
    {
      "a preface that is wrong": [Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")],
      "a request of HTTP/1.1 in its place": [Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
      "a PING before the settings": [Buffer.from(preface), frame([types.ping, 0, 0], "12345678")],
      "a request before the settings": [Buffer.from(preface), headers(1)],
      "an acknowledgement in place of the settings": [Buffer.from(preface), settings(Buffer.alloc(0), flags.ack)],
    },
  ),
  ...section("RFC 9113 §3.4", { gives: ended }, { "a request at once behind the settings": [headers(1)] }),
];

const frames: readonly FrameCase[] = [
  ...section(
    "RFC 9113 §4.1",
    { gives: ended },
    {
      "a type that is unknown": [frame([0xee, 0, 0], "12345678"), headers(1)],
      "a type that is unknown, on a stream": [frame([0xee, 255, 1], "12345678"), headers(1)],
      "flags that are unknown": [headers(1, post(), flags.endStream | flags.endHeaders | 0x42)],
      "the reserved bit of a stream": [headers(0x8000_0001)],
      "flags that are unknown, of DATA": [opened(1), data(1, "a", flags.endStream | (0xf2 & ~flags.padded))],
    },
  ),
  ...section("RFC 9113 §4.2", { gives: ended }, { "DATA of 2^14 bytes": [opened(1), data(1, Buffer.alloc(16_384))] }),
  ...section("RFC 9113 §4.2", size, {
    "HEADERS above the largest size": [headers(1, Buffer.alloc(16_385))],
    "DATA above the largest size": [opened(1), data(1, Buffer.alloc(16_385))],
    "an unknown type above the largest size": [frame([0xee, 0, 0], Buffer.alloc(16_385))],
    "SETTINGS above the largest size": [settings(Buffer.alloc(16_386))],
  }),
  ...section(
    "RFC 9113 §4.3",
    { gives: "connection", codes: [codes.compression] },
    {
      "a block that is no HPACK": [headers(1, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))],
    },
  ),
  ...section("RFC 9113 §4.3", protocol, {
    "another type within a block": [headers(1, post(), flags.endStream), frame([types.ping, 0, 0], "12345678")],
    "an unknown type within a block": [headers(1, post(), flags.endStream), frame([0xee, 0, 1], "")],
    "HEADERS of another stream within a block": [headers(1, post(), flags.endStream), headers(3)],
    "CONTINUATION of another stream": [headers(1, post(), flags.endStream), rest(3, flags.endHeaders)],
  }),
];

const states: readonly FrameCase[] = [
  ...section("RFC 9113 §5.1", protocol, {
    "DATA on an idle stream": [data(1, "a")],
    "RST_STREAM on an idle stream": [reset(1)],
    "WINDOW_UPDATE on an idle stream": [window(1, 100)],
    "CONTINUATION on an idle stream": [rest(1, flags.endHeaders)],
    "HEADERS on stream 0": [headers(0)],
    "DATA on stream 0": [data(0, "a")],
  }),
  ...section("RFC 9113 §5.1", closed, {
    "DATA after the end of its stream": [headers(1), data(1, "a")],
    "HEADERS after the end of its stream": [headers(1), headers(1)],
    "DATA after a reset": [opened(1), reset(1), data(1, "a")],
    "HEADERS after a reset": [opened(1), reset(1), headers(1)],
    "CONTINUATION after the end of a block": [headers(1), rest(1, flags.endHeaders)],
  }),
  ...section(
    "RFC 9113 §5.1",
    { gives: "fine" },
    {
      "PRIORITY on a closed stream": [headers(1), priority(1)],
      "WINDOW_UPDATE after the end of its stream": [headers(1), window(1, 10)],
      "RST_STREAM after the end of its stream": [headers(1), reset(1)],
      "RST_STREAM twice": [opened(1), reset(1), reset(1)],
    },
  ),
  ...section("RFC 9113 §5.1.1", protocol, {
    "an even number": [headers(2)],
    "a number below one before": [headers(5), headers(3)],
  }),
  ...section("RFC 9113 §5.1.1", { gives: ended }, { "numbers that leave some out": [headers(1), headers(101)] }),
  ...section(
    "RFC 9113 §5.1.2",
    { gives: "fine" },
    {
      "as many streams as are allowed": Array.from({ length: 50 }, (_, at) => opened(at * 2 + 1)),
    },
  ),
  ...section(
    "RFC 9113 §5.3",
    { gives: ended },
    {
      "HEADERS with a priority": [
        headers(1, Buffer.concat([Buffer.of(0, 0, 0, 0, 15), block(post())]), flags.priority | flags.endHeaders | flags.endStream),
      ],
      "PRIORITY on an idle stream": [priority(3), headers(1)],
    },
  ),
  ...section(
    "RFC 9113 §5.4.1",
    { gives: "connection", codes: [codes.protocol] },
    {
      "an error of the connection ends what runs": [opened(1), frame([types.ping, 0, 1], "12345678")],
    },
  ),
  ...section("RFC 9113 §5.5", { gives: ended }, { "a setting that is unknown": [settings(setting(99, 1)), headers(1)] }),
];

const each: readonly FrameCase[] = [
  ...section(
    "RFC 9113 §6.1",
    { gives: ended },
    {
      padding: [opened(1), data(1, Buffer.of(2, 97, 0, 0), flags.endStream | flags.padded)],
      "nothing but padding": [opened(1), data(1, Buffer.of(3, 0, 0, 0), flags.endStream | flags.padded)],
      "an empty frame at the end": [opened(1), data(1, "a", 0), data(1)],
      "a few empty frames": [opened(1), data(1, "", 0), data(1, "", 0), data(1, "a")],
    },
  ),
  ...section("RFC 9113 §6.1", protocol, {
    "padding that is as long as the frame": [opened(1), data(1, Buffer.of(4, 97, 0, 0), flags.endStream | flags.padded)],
    "padding that is longer than the frame": [opened(1), data(1, Buffer.of(255, 97), flags.endStream | flags.padded)],
  }),
  ...section("RFC 9113 §6.1", sizeOrProtocol, { "padding without its length": [opened(1), data(1, "", flags.padded | flags.endStream)] }),
  ...section(
    "RFC 9113 §6.2",
    { gives: ended },
    {
      padding: [headers(1, Buffer.concat([Buffer.of(2), block(post()), Buffer.alloc(2)]), padded)],
      "a block in several frames": [
        headers(1, post(), flags.endStream),
        rest(1, 0, [["x-a", "1"]]),
        rest(1, flags.endHeaders, [["x-b", "2"]]),
      ],
      "a block whose last frame is empty": [headers(1, post(), flags.endStream), rest(1, flags.endHeaders)],
    },
  ),
  ...section("RFC 9113 §6.2", protocol, {
    "padding that is longer than the frame": [headers(1, Buffer.concat([Buffer.of(250), block(post())]), padded)],
  }),
  ...section("RFC 9113 §6.2", sizeOrProtocol, {
    "a priority that is cut off": [headers(1, Buffer.of(0, 0, 0), flags.priority | flags.endHeaders | flags.endStream)],
    "padding without its length": [headers(1, Buffer.alloc(0), padded)],
  }),
  ...section("RFC 9113 §6.3", protocol, { "PRIORITY on stream 0": [priority(0)] }),
  ...section(
    "RFC 9113 §6.3",
    { gives: "stream", codes: [codes.size] },
    {
      "PRIORITY of 4 bytes": [opened(1), priority(1, Buffer.alloc(4))],
      "PRIORITY of 6 bytes": [opened(1), priority(1, Buffer.alloc(6))],
    },
  ),
  ...section("RFC 9113 §6.4", protocol, { "RST_STREAM on stream 0": [reset(0)] }),
  ...section("RFC 9113 §6.4", size, {
    "RST_STREAM of 3 bytes": [opened(1), reset(1, Buffer.alloc(3))],
    "RST_STREAM of 5 bytes": [opened(1), reset(1, Buffer.alloc(5))],
  }),
  ...section("RFC 9113 §6.4", { gives: "fine" }, { "a code that is unknown": [opened(1), reset(1, uint32(0xffff))] }),
  ...section("RFC 9113 §6.5", size, {
    "an acknowledgement with settings": [settings(setting(1, 1), flags.ack)],
    "SETTINGS of 3 bytes": [settings(Buffer.alloc(3))],
    "SETTINGS of 7 bytes": [settings(Buffer.alloc(7))],
  }),
  ...section("RFC 9113 §6.5", protocol, { "SETTINGS on a stream": [settings(Buffer.alloc(0), 0, 1)] }),
  ...section(
    "RFC 9113 §6.5",
    { gives: ended },
    {
      "one setting several times, of which the last counts": [settings(Buffer.concat([setting(4, 0), setting(4, 65_535)])), headers(1)],
      "no settings": [settings(), headers(1)],
    },
  ),
  ...section("RFC 9113 §6.5.2", protocol, {
    "ENABLE_PUSH of 2": [settings(setting(2, 2))],
    "MAX_FRAME_SIZE below 2^14": [settings(setting(5, 16_383))],
    "MAX_FRAME_SIZE of 2^24": [settings(setting(5, 2 ** 24))],
  }),
  ...section(
    "RFC 9113 §6.5.2",
    { gives: "connection", codes: [codes.flow] },
    {
      "INITIAL_WINDOW_SIZE of 2^31": [settings(setting(4, 2 ** 31))],
    },
  ),
  ...section(
    "RFC 9113 §6.5.2",
    { gives: ended },
    {
      "HEADER_TABLE_SIZE of 0": [settings(setting(1, 0)), headers(1)],
      "MAX_FRAME_SIZE of 2^24 - 1": [settings(setting(5, 2 ** 24 - 1)), headers(1)],
      "MAX_CONCURRENT_STREAMS of 0": [settings(setting(3, 0)), headers(1)],
    },
  ),
  ...section("RFC 9113 §6.6", protocol, {
    "PUSH_PROMISE by a client": [opened(1), frame([types.push, flags.endHeaders, 1], Buffer.alloc(4))],
  }),
  ...section("RFC 9113 §6.7", size, {
    "PING of 6 bytes": [frame([types.ping, 0, 0], "123456")],
    "PING of 9 bytes": [frame([types.ping, 0, 0], "123456789")],
  }),
  ...section("RFC 9113 §6.7", protocol, { "PING on a stream": [frame([types.ping, 0, 1], "12345678")] }),
  ...section("RFC 9113 §6.7", { gives: "fine" }, { "an acknowledgement of no PING": [frame([types.ping, flags.ack, 0], "abcdefgh")] }),
  ...section("RFC 9113 §6.8", protocol, { "GOAWAY on a stream": [goaway(1)] }),
  ...section("RFC 9113 §6.8", size, { "GOAWAY of 7 bytes": [goaway(0, Buffer.alloc(7))] }),
  ...section("RFC 9113 §6.9", protocol, { "WINDOW_UPDATE by 0 on the connection": [window(0, 0)] }),
  ...section("RFC 9113 §6.9", { gives: "stream" }, { "WINDOW_UPDATE by 0 on a stream": [opened(1), window(1, 0)] }),
  ...section("RFC 9113 §6.9", size, {
    "WINDOW_UPDATE of 3 bytes": [frame([types.window, 0, 0], Buffer.alloc(3))],
    "WINDOW_UPDATE of 5 bytes": [frame([types.window, 0, 0], Buffer.alloc(5))],
  }),
  ...section(
    "RFC 9113 §6.9.1",
    { gives: "connection", codes: [codes.flow] },
    {
      "a window of the connection above 2^31 - 1": [window(0, 2 ** 31 - 1), window(0, 2 ** 31 - 1)],
    },
  ),
  ...section(
    "RFC 9113 §6.9.1",
    { gives: "stream", codes: [codes.flow] },
    {
      "a window of a stream above 2^31 - 1": [opened(1), window(1, 2 ** 31 - 1), window(1, 2 ** 31 - 1)],
    },
  ),
  ...section(
    "RFC 9113 §6.9.2",
    { gives: "connection", codes: [codes.flow] },
    {
      "a setting that takes the window of a stream above 2^31 - 1": [
        opened(1),
        window(1, 2 ** 31 - 65_536),
        settings(setting(4, 2 ** 31 - 1)),
      ],
    },
  ),
  ...section("RFC 9113 §6.10", protocol, {
    "CONTINUATION behind DATA": [opened(1), data(1, "a", 0), rest(1, flags.endHeaders)],
    "CONTINUATION on stream 0": [headers(1, post(), flags.endStream), rest(0, flags.endHeaders)],
  }),
];

export const connection: readonly FrameCase[] = [...start, ...frames, ...states, ...each];
