import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeFiles } from "../files/write-files.ts";
import type { Language } from "../language.ts";
import { type Report, Stop } from "../verb.ts";
import { openDesign } from "../verbs/design.ts";
import { texts } from "./texts.ts";

/** One question that is decided. */
export interface Answering {
  readonly folder: string;
  readonly language: Language;
  readonly code: string;
  readonly value: string;
  /** The document. *Default*: the PRD of the folder. */
  readonly named: string | undefined;
  /** The folder of the design. *Default*: `design`. */
  readonly target: string | undefined;
}

/** What a line of the file of answers may hold. */
const form = /^[^"\r\n]{1,500}$/;

/** Writes an answer into the file of answers, instead of an earlier one to the same question, and returns the questions that are left. */
export async function answer({ folder, language, code, value, named, target }: Answering): Promise<Report> {
  const say = texts[language];
  const asked = await openDesign({ folder, language, named, target });
  const path = join(folder, asked.answerFile);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const lines = before.split("\n");
  const at = lines.findIndex((line) => line.split("=")[0]?.trim() === code);
  const codes = asked.questions.map((question) => question.code);
  if (at < 0 && !codes.includes(code))
    throw new Stop("usage", { message: say.noQuestion(code), fix: codes.length === 0 ? say.noneOpen : say.questionsAre(codes.join(", ")) });
  if (!form.test(value)) throw new Stop("usage", { message: say.answerForm, fix: say.answerFormFix });
  const line = `${code} = "${value}"`;
  const text = at < 0 ? `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${line}\n` : lines.with(at, line).join("\n");
  writeFiles(dirname(path), { files: new Map([[basename(path), text]]), language });
  const left = await openDesign({ folder, language, named, target });
  const written = say.answered({ code, file: asked.answerFile });
  return { exit: "fine", lines: [written, ...left.lines], data: { written: [asked.answerFile], questions: left.questions } };
}
