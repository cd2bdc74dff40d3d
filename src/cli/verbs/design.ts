import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFiles } from "../files/write-files.ts";
import type { Language } from "../language.ts";
import { findPrd } from "../prd-file.ts";
import { defineVerb, type Report, Stop } from "../verb.ts";

const out = "design";

/** `plimsoll design`: reads a PRD and writes the design that it leads to. */
export const design = defineVerb({
  name: "design",
  also: ["设计"],
  summary: { en: "Turns a PRD into a design whose every number says where it comes from.", zh: "把 PRD 变成设计，每个数字都注明出处。" },
  operands: {
    usage: "[PRD.md]",
    max: 1,
    says: { en: "The document. Default: the PRD of this folder.", zh: "需求文档。默认：当前文件夹的 PRD。" },
  },
  example: {
    line: "design --assume",
    does: {
      en: "Writes design/DESIGN.md, and takes every default.",
      zh: "写出 design/DESIGN.md，并把每个默认值记为假设。",
    },
  },
  options: {
    assume: { type: "boolean", says: { en: "Take the default of each question that blocks.", zh: "对阻塞的问题取默认值。" } },
    out: {
      type: "string",
      value: "FOLDER",
      says: { en: "The folder that is written. Default: design.", zh: "输出文件夹。默认：design。" },
    },
  },
  isNext: (folder) => findPrd(folder) !== undefined && !existsSync(join(folder, out, "design.json")),
  async run({ values, operands: [named], folder, language, yes }) {
    const target = values.out ?? out;
    const { made, questions, lines, answerFile } = await openDesign({ folder, language, named, target });
    const blocking = questions.filter(({ blocks }) => blocks);
    if (blocking.length > 0 && !(values.assume || yes)) return blocked({ lines, questions, answerFile, language });
    const { writeDesign } = await import("../../design/writing/write-design.ts");
    const files = writeDesign(made);
    writeFiles(join(folder, target), { files, language });
    const written = [...files.keys()].map((name) => `${target}/${name}`);
    return {
      exit: "fine",
      lines: [...lines, { en: `Written: ${written.join(", ")}.`, zh: `已写出：${written.join("、")}。` }[language]],
      data: { questions, written, design: made },
    };
  },
});

/** Where a design is read. */
export interface DesignPlace {
  readonly folder: string;
  readonly language: Language;
  /** The document. *Default*: the PRD of the folder. */
  readonly named: string | undefined;
  /** The folder of the design. *Default*: `design`. */
  readonly target: string | undefined;
}

/** Makes the design of a document and its answers, with the questions that are open, and writes nothing. */
export async function openDesign({ folder, language, named, target = out }: DesignPlace) {
  const file = named ?? findPrd(folder);
  if (file === undefined) throw noPrd(language);
  const text = await readText(join(folder, file), { file, language });
  const { readRequirements } = await import("../../design/reading/read-requirements.ts");
  const { readAnswers } = await import("../../design/questions/answers.ts");
  const { makeDesign } = await import("../../design/planning/make-design.ts");
  const { defaultIn } = await import("../../design/questions/texts.ts");
  const answerFile = join(target, "decisions.toml");
  const own = existsSync(join(folder, answerFile)) ? readAnswers(readFileSync(join(folder, answerFile), "utf8"), answerFile) : [];
  const made = makeDesign(readRequirements(text, { file }), { answers: [...readAnswers(text, file), ...own], language });
  const questions = made.questions.map(({ code, blocks, asks, default: taken, changes }) => ({
    code,
    blocks,
    asks: asks[language],
    default: defaultIn(language, taken),
    changes: changes[language],
  }));
  const share = Math.round(made.understood.share * 100);
  const lines = [
    {
      en: `${file}: ${made.needs.length} needs, ${made.entities.length} ${made.entities.length === 1 ? "entity" : "entities"}, ${made.roles.length} roles, ${made.operations.length} operations; ${share}% understood.`,
      zh: `${file}：${made.needs.length} 项需求、${made.entities.length} 个实体、${made.roles.length} 个角色、${made.operations.length} 个操作；理解了 ${share}%。`,
    }[language],
    ...questions.map(({ code, blocks, asks, default: taken, changes }) => `${blocks ? "!" : "?"} ${code}: ${asks} [${taken}] ${changes}`),
  ];
  return { made, questions, lines, answerFile };
}

function blocked({
  lines,
  questions,
  answerFile,
  language,
}: {
  lines: readonly string[];
  questions: readonly { code: string; blocks: boolean; default: string }[];
  answerFile: string;
  language: Language;
}): Report {
  const first = questions.find(({ blocks }) => blocks)!;
  const fix = {
    en: `Nothing was written: questions with "!" block. Answer them in ${answerFile}, as in ${first.code} = "${first.default}", in a table of the PRD with the columns "question" and "decision", or take the defaults with --assume.`,
    zh: `未写出任何文件：带“!”的问题需要先回答。请写入 ${answerFile}（例如 ${first.code} = "${first.default}"），或写入 PRD 中带“问题”和“决定”两列的表格，或用 --assume 取默认值。`,
  }[language];
  return { exit: "question", lines: [...lines, fix], data: { questions, written: [] } };
}

function noPrd(language: Language): Stop {
  return new Stop("missing", {
    message: { en: "There is no PRD.md in this folder.", zh: "当前文件夹没有 PRD.md。" }[language],
    fix: { en: "Write one, or name the document: plimsoll design FILE.", zh: "请编写一份，或指定文档：plimsoll design 文件。" }[language],
  });
}

async function readText(path: string, { file, language }: { readonly file: string; readonly language: Language }): Promise<string> {
  const { readDocument } = await import("../../design/reading/document.ts");
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const isGone = code === "ENOENT";
    throw new Stop("missing", {
      message: {
        en: isGone ? `There is no file ${file}.` : `${file} cannot be read (${code}).`,
        zh: isGone ? `没有文件 ${file}。` : `无法读取 ${file}（${code}）。`,
      }[language],
      fix: { en: "Name the document, as in plimsoll design PRD.md.", zh: "请指定文档，例如 plimsoll 设计 PRD.md。" }[language],
    });
  }
  const result = readDocument(bytes, file);
  if ("text" in result) return result.text;
  throw new Stop("input", { message: result.problem.message[language], fix: result.problem.fix[language] });
}
