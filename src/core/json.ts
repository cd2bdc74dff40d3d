import { Fault } from "./fault.ts";
export function parseJson(b: Buffer | string, _o: { maxDepth: number }): unknown {
  try {
    return JSON.parse(b.toString());
  } catch (cause) {
    throw new Fault({ code: "invalid_argument", type: "malformed_json", message: "bad json", cause });
  }
}
export const canonicalJson = (v: unknown) => JSON.stringify(v);
