import type { Fault } from "../../core/fault.ts";
import { parseJson } from "../../core/json.ts";
import { rawField } from "../../core/schema/opaque/raw-body.ts";
import type { JsonSchema } from "../../core/schema/standard.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import { notJson } from "../faults.ts";
import { notForm } from "./faults.ts";
import { readForm } from "./form.ts";
import { rawFormat } from "./raw.ts";

/** Bounds of what a body holds. */
export interface ContentLimits {
  readonly jsonDepth: number;
  readonly jsonValues: number;
  readonly formFields: number;
}

/** How the body of a route is read. */
export interface BodyFormat {
  /** *Units*: bytes. *Default*: those of every body. */
  readonly bytesMax?: number;
  /** Whether bodies of a media type are read. */
  takes(contentType: string | undefined): boolean;
  /** The fault of a body of another media type. */
  refusal(): Fault;
  /** Reads a whole body into what a binder takes. *Faults thrown*: `invalid_argument`. */
  parse(bytes: Uint8Array, limits: ContentLimits): unknown;
}

/** Reads JSON. */
const jsonFormat: BodyFormat = {
  takes(contentType) {
    if (contentType === "application/json") return true;
    return contentType !== undefined && /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType);
  },
  refusal: notJson,
  parse: (bytes, { jsonDepth, jsonValues }) => parseJson(bytes, { maxDepth: jsonDepth, maxValues: jsonValues }),
};

const formFormat: BodyFormat = {
  takes: (contentType) =>
    contentType !== undefined && /^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType),
  refusal: notForm,
  parse: (bytes, { formFields }) => readForm(bytes, formFields),
};

/** Returns how the body of a route is read. */
export function formatOf({ body }: HttpSpec, { properties = {} }: JsonSchema): BodyFormat {
  if (body === "raw") return rawFormat((properties as Readonly<Record<string, JsonSchema>>)[rawField] ?? {});
  return body === "form" ? formFormat : jsonFormat;
}
