import { readBlocks } from "../reading/blocks.ts";
import { Positions } from "../reading/positions.ts";
import type { Answer } from "./question.ts";

/**
 * Reads answers: of a file with lines such as `peak-factor = "10"`, and of a document with a table whose head is "question" and "decision" or 问题 and 决定.
 * What is no answer is left out.
 */
export function readAnswers(text: string, file: string): readonly Answer[] {
  return /\.toml$/i.test(file) ? ofLines(text, file) : ofTables(text, file);
}

function ofLines(text: string, file: string): readonly Answer[] {
  return text.split("\n").flatMap((line, index) => {
    const match = /^\s*(?<code>[a-z][a-z\d-]*)\s*=\s*(?:"(?<quoted>[^"]*)"|(?<bare>[^#\s]+))\s*(?:#.*)?$/.exec(line);
    const { code, quoted, bare } = match?.groups ?? {};
    const value = quoted ?? bare ?? "";
    return code === undefined || value === "" ? [] : [{ code, value, from: `${file}:${index + 1}` }];
  });
}

function ofTables(text: string, file: string): readonly Answer[] {
  const positions = new Positions(text);
  return readBlocks(text).flatMap(({ at, labels, text: value, start }) => {
    if (at?.column !== 1 || at.row === 0 || !/^(?:decision|answer|决定|答案|回答)$/i.test(labels.at(-1) ?? "")) return [];
    const code = labels.at(-2) ?? "";
    return /^[a-z][a-z\d-]*$/.test(code) && value !== "" ? [{ code, value, from: `${file}:${positions.at(start).line}` }] : [];
  });
}
