import type { Language } from "../language.ts";
import { designLimits } from "../limits.ts";
import { type Entity, findEntities } from "./asked/entities.ts";
import { findOperations, type Operation } from "./asked/operations.ts";
import { findRoles, type Role } from "./asked/roles.ts";
import { findWork, type Work } from "./asked/work.ts";
import { type Block, plain, readBlocks } from "./blocks.ts";
import { type Concern, findConcerns } from "./concerns.ts";
import { findVague, markConflicts, type Need, type NotUsed, type Source, topicOf, type Vague } from "./needs.ts";
import { Positions } from "./positions.ts";
import { seeQuantities } from "./seen.ts";
import { type Understood, understoodShare } from "./understood.ts";

/** A thing of a document with its place, instead of its offset. */
export type Placed<F extends { readonly start: number; readonly quote: string }> = Omit<F, "start" | "quote"> & { readonly source: Source };

/** Is what a document asks for. */
export interface Requirements {
  readonly file: string;
  readonly title: string;
  /** The language of the document; `other` is read for what does not depend on words. */
  readonly documentLanguage: Language | "other";
  readonly needs: readonly Need[];
  /** Quantities that were seen and do not bind. */
  readonly notUsed: readonly NotUsed[];
  readonly entities: readonly Placed<Entity>[];
  readonly roles: readonly Placed<Role>[];
  readonly operations: readonly Placed<Operation>[];
  /** What is done in the background. */
  readonly work: readonly Placed<Work>[];
  readonly concerns: readonly { readonly name: Concern["name"]; readonly count: number; readonly source: Source }[];
  readonly vague: readonly Vague[];
  readonly understood: Understood;
  /** Lines that address a model of language. They are text like all other, and nothing in them is followed. */
  readonly instructions: readonly Source[];
}

/**
 * Reads a document of requirements, in English or Chinese. The same text gives the same result.
 * *Bounds*: its time grows with the length of the text; `readDocument` bounds the length.
 * *Example*: `readRequirements(text, { file: "PRD.md" }).needs`
 */
export function readRequirements(text: string, { file }: { readonly file: string }): Requirements {
  const blocks = readBlocks(text);
  const positions = new Positions(text);
  const sourceOf = (start: number, quote: string): Source => ({ file, ...positions.at(start), quote });
  const placed = <F extends { readonly start: number; readonly quote: string }>(all: readonly F[]): readonly Placed<F>[] =>
    all.slice(0, designLimits.itemsOfAKind).map(({ start, quote, ...rest }) => ({ ...rest, source: sourceOf(start, quote) }));
  const seen = blocks.flatMap(seeQuantities);
  const binding = seen.filter(({ context }) => context === "requirement");
  const needs = binding.map((one, index): Need => {
    const { start, end: _, quote, ...quantity } = one.quantity;
    const phase = one.phase === undefined ? {} : { phase: one.phase };
    return {
      id: `N${index + 1}`,
      status: "stated",
      quantity,
      source: sourceOf(start, quote),
      rule: one.rule,
      topic: topicOf(one),
      ...phase,
    };
  });
  const [entities, roles, operations, concerns] = [findEntities(blocks), findRoles(blocks), findOperations(blocks), findConcerns(blocks)];
  const work = findWork(blocks);
  const starts = [
    ...seen.map(({ quantity }) => quantity.start),
    ...[...entities, ...roles, ...operations, ...work].map(({ start }) => start),
    ...concerns.flatMap((concern) => concern.starts),
  ];
  return {
    file,
    title: titleOf(blocks, file),
    documentLanguage: languageOf(text),
    needs: markConflicts(needs),
    notUsed: seen
      .filter(({ context }) => context !== "requirement")
      .map(({ quantity, context, rule }) => ({ context, rule, source: sourceOf(quantity.start, quantity.quote) })),
    entities: placed(entities),
    roles: placed(roles),
    operations: placed(operations),
    work: placed(work),
    concerns: concerns.map(({ name, starts: at, quote }) => ({ name, count: at.length, source: sourceOf(at[0]!, quote) })),
    vague: findVague(blocks).map(({ word, start }) => ({ word, source: sourceOf(start, word) })),
    understood: understoodShare(blocks, starts, positions),
    instructions: blocks
      .filter(({ text: line }) => addressed.test(line))
      .map(({ text: line, start }) => sourceOf(start, line.slice(0, 80))),
  };
}

const addressed =
  /ignore (?:all |any )?(?:the )?(?:previous|prior|above) (?:instructions|prompts)|disregard (?:all|the|your) |you are (?:now )?(?:chatgpt|an? (?:AI|language model|assistant))|system prompt|忽略(?:以上|之前|前面)(?:的)?(?:所有)?(?:指令|提示)|你(?:现在)?是(?:一个)?(?:AI|人工智能|语言模型)/i;

function titleOf(blocks: readonly Block[], file: string): string {
  const heading = blocks.find(({ kind }) => kind === "heading");
  const title = plain(heading?.path.at(-1) ?? blocks[0]?.text ?? "")
    .replace(/(?:^|\s*[-–—:：(（]\s*)(?:product requirements? documents?|PRD|产品需求文档|需求文档)\s*(?:[)）]|[-–—:：]\s*|$)/gi, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return title === "" ? file : title.slice(0, 80);
}

/** English and Chinese are read; a text in another script, or one with few English words, is another language. */
function languageOf(text: string): Requirements["documentLanguage"] {
  const sample = text.slice(0, 200_000);
  const count = (pattern: RegExp): number => sample.match(pattern)?.length ?? 0;
  const letters = count(/\p{L}/gu);
  const han = count(/\p{Script=Han}/gu);
  const latin = count(/\p{Script=Latin}/gu);
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu);
  if (letters === 0) return "en";
  if (kana * 10 > letters || letters - han - latin > letters / 2) return "other";
  if (han * 5 >= letters) return "zh";
  const english = count(/\b(?:the|and|of|to|for|with|is|are|be|must|should|in|on|by|as|an?|or|per|can|users?|support)\b/gi);
  const foreign = count(
    /\b(?:der|die|das|und|ist|nicht|mit|für|les|des|est|une|pour|dans|avec|el|los|las|una|para|con|que|será|deve|não|uma|è|per il|della)\b/gi,
  );
  return foreign > english ? "other" : "en";
}
