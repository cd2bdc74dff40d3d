import { isMap, LineCounter, parseAllDocuments } from "yaml";
import type { Both } from "../../cli/language.ts";

/** Any value of a document, with no promise of its shape. */
// biome-ignore lint/suspicious/noExplicitAny: people write these files by hand; every rule looks before it reads.
export type Loose = any;

/** An object of Kubernetes where it was found. */
export interface Placed {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly value: Loose;
  /** The line of a value, or of the nearest one around it that is there. */
  line(...path: readonly (string | number)[]): number;
}

/** A text in both languages. */
export const both = (en: string, zh: string): Both<string> => ({ en, zh });

/** What is wrong with a deployment: where, by which rule, and what to write. */
export interface Finding {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly message: Both<string>;
  readonly fix: Both<string>;
}

/** Reads the objects of files of YAML. What cannot be read is a finding. */
export function readObjects(files: ReadonlyMap<string, string>): {
  readonly objects: readonly Placed[];
  readonly findings: readonly Finding[];
} {
  const objects: Placed[] = [];
  const findings: Finding[] = [];
  for (const [file, text] of files) {
    const lines = new LineCounter();
    for (const document of parseAllDocuments(text, { lineCounter: lines })) {
      if (!("contents" in document)) continue;
      const [error] = document.errors;
      if (error !== undefined) {
        const line = lines.linePos(error.pos[0]).line;
        const message = both(`This is no YAML: ${error.message.split("\n")[0]}`, `不是有效的 YAML：${error.message.split("\n")[0]}`);
        findings.push({
          rule: "yaml-unreadable",
          file,
          line,
          message,
          fix: both("Correct the line, or write the file again with plimsoll deploy.", "请修正该行，或用 plimsoll deploy 重新生成文件。"),
        });
        continue;
      }
      if (!isMap(document.contents)) continue;
      const value = document.toJS({ maxAliasCount: 100 }) as Loose;
      const line = (...path: readonly (string | number)[]): number => {
        for (let length = path.length; length > 0; length--) {
          const node = document.getIn(path.slice(0, length), true) as { readonly range?: readonly number[] } | undefined;
          if (node?.range !== undefined && node.range !== null) return lines.linePos(node.range[0] as number).line;
        }
        return lines.linePos((document.contents as { readonly range: readonly number[] }).range[0] as number).line;
      };
      objects.push({ file, kind: String(value.kind ?? ""), name: String(value.metadata?.name ?? ""), value, line });
    }
  }
  return { objects, findings };
}

/** The containers of a workload that run beside each other. */
export function containersOf(object: Placed): readonly Loose[] {
  const found = podOf(object)?.containers;
  return Array.isArray(found) ? found.filter((one) => typeof one === "object" && one !== null) : [];
}

/** What a workload says of its pods. */
export function podOf({ value }: Placed): Loose {
  return value.spec?.template?.spec;
}

/** Whether labels have all that a selector asks for. An empty selector matches nothing here: nothing was meant by it. */
export function matches(selector: Loose, labels: Loose): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}

/** A quantity of memory. *Units*: MiB; undefined where it is none. */
export function mebibytes(quantity: unknown): number | undefined {
  const found = /^([0-9.]+)(Ki|Mi|Gi|k|M|G)?$/.exec(String(quantity ?? ""));
  if (found === null) return undefined;
  const units: Readonly<Record<string, number>> = {
    Ki: 1 / 1_024,
    Mi: 1,
    Gi: 1_024,
    k: 1e3 / 1_048_576,
    M: 1e6 / 1_048_576,
    G: 1e9 / 1_048_576,
  };
  return Number(found[1]) * (found[2] === undefined ? 1 / 1_048_576 : (units[found[2]] ?? 0));
}

/** A quantity of processors. *Units*: cores; undefined where it is none. */
export function cores(quantity: unknown): number | undefined {
  const found = /^([0-9.]+)(m)?$/.exec(String(quantity ?? ""));
  return found === null ? undefined : Number(found[1]) / (found[2] === undefined ? 1 : 1_000);
}

/** A time such as `30s`. *Units*: seconds; undefined where it is none. */
export function seconds(text: unknown): number | undefined {
  const found = /^([0-9.]+)(ms|s|m|h)?$/.exec(String(text ?? ""));
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };
  return found === null ? undefined : Number(found[1]) * (units[found[2] ?? "s"] ?? 1);
}
