import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { findPrd } from "./prd-file.ts";

/** The languages that the command speaks. */
export const languages = ["en", "zh"] as const;

/** One of the {@link languages}. */
export type Language = (typeof languages)[number];

/** A text, or a table of texts, in both languages. */
export interface Both<T> {
  readonly en: T;
  readonly zh: T;
}

/** What may say which language to speak. */
export interface LanguageSources {
  /** The value of `--lang`. */
  readonly flag?: string | undefined;
  /** The folder whose PRD is read. */
  readonly folder: string;
  /** The verb as it was typed. */
  readonly verb?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Chooses the language: by the flag, then by the PRD in the folder, then by a verb in Chinese, then by `LC_ALL`, `LC_MESSAGES` or `LANG`. *Default*: English. */
export function chooseLanguage({ flag, folder, verb, env }: LanguageSources): Language {
  return (flag === undefined ? undefined : readLanguage(flag)) ?? languageOfPrd(folder) ?? languageOfVerb(verb) ?? languageOfLocale(env);
}

/** Reads the name of a language: `en`, `zh`, `zh-CN`, `zh_CN.UTF-8`, `english`, `中文`. */
export function readLanguage(name: string): Language | undefined {
  const word = name.toLowerCase();
  if (/^(?:zh|chinese|中文|汉语|简体中文)(?:$|[-_.@])/.test(word)) return "zh";
  return /^(?:en|english|英文|英语)(?:$|[-_.@])/.test(word) ? "en" : undefined;
}

/** Returns the language of a text: Chinese where at least one letter in five is Han. `undefined`: it has no letters. */
export function languageOfText(text: string): Language | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return undefined;
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han * hanShare >= letters ? "zh" : "en";
}

const hanShare = 5;
/** *Units*: bytes. The beginning of a document says its language. */
const sampleBytes = 65_536;

function languageOfPrd(folder: string): Language | undefined {
  const name = findPrd(folder);
  if (name === undefined) return undefined;
  try {
    const file = openSync(join(folder, name), "r");
    try {
      const bytes = Buffer.alloc(sampleBytes);
      return languageOfText(bytes.toString("utf8", 0, readSync(file, bytes)));
    } finally {
      closeSync(file);
    }
  } catch {
    // A PRD that cannot be read is the matter of the verb that needs it.
    return undefined;
  }
}

function languageOfVerb(verb: string | undefined): Language | undefined {
  return verb !== undefined && /\p{Script=Han}/u.test(verb) ? "zh" : undefined;
}

function languageOfLocale(env: LanguageSources["env"]): Language {
  return readLanguage(env.LC_ALL || env.LC_MESSAGES || env.LANG || "") ?? "en";
}
