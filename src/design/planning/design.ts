import type { Both, Language } from "../language.ts";
import type { Answer, Question } from "../questions/question.ts";
import type { Requirements } from "../reading/read-requirements.ts";
import type { BoundedContext } from "./bounded-contexts.ts";
import type { Load, Scale } from "./load.ts";

/** Is one thing that the design uses, or refuses, with its reason and its source. */
export interface Choice {
  readonly name: string;
  readonly because: Both<string>;
  /** The entry of the knowledge base that it rests on. */
  readonly knowledge: string;
}

/** Is something that was taken without being stated. */
export interface Assumption {
  /** The code of the question that asks for it. */
  readonly code: string;
  readonly value: string;
  readonly changes: Both<string>;
}

/** Is what a document of requirements leads to: the content of `design.json`. */
export interface Design {
  readonly format: 1;
  readonly title: string;
  readonly language: Language;
  readonly file: string;
  readonly understood: Requirements["understood"];
  readonly needs: Requirements["needs"];
  readonly notUsed: Requirements["notUsed"];
  readonly entities: Requirements["entities"];
  readonly roles: Requirements["roles"];
  readonly operations: Requirements["operations"];
  /** What is done in the background: by the clock, or after something happened. */
  readonly work?: Requirements["work"];
  readonly concerns: Requirements["concerns"];
  readonly contexts: readonly BoundedContext[];
  readonly load: Load;
  /** The deadline of an operation that states none. *Units*: milliseconds. */
  readonly deadlineMs: number;
  /** Executions at once by Little's law. */
  readonly concurrency: { readonly value: number; readonly formula: string };
  readonly scales: readonly Scale[];
  /** The resource that gives out first, and at which multiple of the load. */
  readonly firstToGiveOut: { readonly resource: string; readonly times: number };
  readonly stack: readonly Choice[];
  readonly refusals: readonly Choice[];
  readonly consistency: readonly Choice[];
  readonly risks: readonly Both<string>[];
  readonly assumptions: readonly Assumption[];
  readonly answers: readonly Answer[];
  /** Those that no answer decides. */
  readonly questions: readonly Question[];
}
