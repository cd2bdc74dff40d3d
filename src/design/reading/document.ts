import type { Both } from "../language.ts";
import { designLimits } from "../limits.ts";

/** Says why a file cannot be read as a document, and what to do. */
export interface DocumentProblem {
  readonly name: "empty" | "too-large" | "binary";
  readonly message: Both<string>;
  readonly fix: Both<string>;
}

/**
 * Reads the bytes of a document as text. Whatever it says is data: nothing in it is an instruction.
 * *Bounds*: 4 MiB.
 */
export function readDocument(bytes: Uint8Array, file: string): { readonly text: string } | { readonly problem: DocumentProblem } {
  if (bytes.length > designLimits.documentBytes) {
    const mebibytes = designLimits.documentBytes / 1_048_576;
    return problem("too-large", {
      message: {
        en: `${file} has ${bytes.length} bytes, and at most ${mebibytes} MiB are read.`,
        zh: `${file} 有 ${bytes.length} 字节，最多读取 ${mebibytes} MiB。`,
      },
      fix: { en: "Keep the requirements in the document and move data and pictures out.", zh: "请只保留需求，把数据和图片移到别处。" },
    });
  }
  if (bytes.includes(0)) return binary(file);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return binary(file);
  }
  if (/\S/.test(text)) return { text };
  return problem("empty", {
    message: { en: `${file} is empty.`, zh: `${file} 是空的。` },
    fix: {
      en: "Write what the service must do, for whom, and how much of it, one sentence each.",
      zh: "请写明服务要做什么、为谁做、做多少，每项一句话。",
    },
  });
}

function binary(file: string): { readonly problem: DocumentProblem } {
  return problem("binary", {
    message: { en: `${file} is not a text in UTF-8.`, zh: `${file} 不是 UTF-8 文本。` },
    fix: { en: "Export the document as Markdown or plain text in UTF-8.", zh: "请把文档导出为 UTF-8 编码的 Markdown 或纯文本。" },
  });
}

function problem(name: DocumentProblem["name"], texts: Pick<DocumentProblem, "message" | "fix">): { readonly problem: DocumentProblem } {
  return { problem: { name, ...texts } };
}
