import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

// google.protobuf.Value: null_value 1, number_value 2, string_value 3, bool_value 4, struct_value 5, list_value 6.
// google.protobuf.Struct: map<string, Value> fields 1. google.protobuf.ListValue: repeated Value values 1.

/** Writes any JSON value as `google.protobuf.Value`, without its length. */
export function writeValue(writer: Writer, value: unknown): void {
  if (value === null || value === undefined) {
    writer.varint(8);
    writer.varint(0);
  } else if (typeof value === "number") {
    writer.varint(17);
    writer.double(value);
  } else if (typeof value === "string") {
    writer.varint(26);
    writer.string(value);
  } else if (typeof value === "boolean") {
    writer.varint(32);
    writer.bool(value);
  } else if (Array.isArray(value)) {
    writer.varint(50);
    const list = writer.begin();
    for (const item of value) writePart(writer, 10, item);
    writer.end(list);
  } else {
    writer.varint(42);
    const struct = writer.begin();
    for (const [key, item] of Object.entries(jsonOf(value))) {
      if (item === undefined) continue;
      writer.varint(10);
      const entry = writer.begin();
      writer.varint(10);
      writer.string(key);
      writePart(writer, 18, item);
      writer.end(entry);
    }
    writer.end(struct);
  }
}

/** What has a JSON form of its own, such as a date. */
function jsonOf(value: object): object {
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === "function" ? Object(toJSON.call(value)) : value;
}

function writePart(writer: Writer, tag: number, value: unknown): void {
  writer.varint(tag);
  const begin = writer.begin();
  writeValue(writer, value);
  writer.end(begin);
}

/** Reads `google.protobuf.Value` with its length. A `Value` that says nothing is `null`. */
export function readValue(reader: Reader): unknown {
  const outer = reader.enter();
  let value: unknown = null;
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag === 8) {
      reader.varint();
      value = null;
    } else if (tag === 17) value = reader.double();
    else if (tag === 26) value = reader.string();
    else if (tag === 32) value = reader.bool();
    else if (tag === 42) value = readStruct(reader);
    else if (tag === 50) value = readList(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return value;
}

function readList(reader: Reader): unknown[] {
  const outer = reader.enter();
  const list: unknown[] = [];
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag === 10) list.push(readValue(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return list;
}

function readStruct(reader: Reader): Record<string, unknown> {
  const outer = reader.enter();
  const struct: Record<string, unknown> = {};
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    const around = reader.enter();
    let [key, value]: [string, unknown] = ["", null];
    while (reader.at < reader.end) {
      const part = reader.varint();
      if (part === 10) key = reader.string();
      else if (part === 18) value = readValue(reader);
      else reader.skip(part);
    }
    reader.leave(around);
    setKey(struct, key, value);
  }
  reader.leave(outer);
  return struct;
}

/** Sets a key that a caller chose: as `JSON.parse` does it, whatever the key is. */
export function setKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}
