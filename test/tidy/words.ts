import type { Problem } from "./problem.ts";

/** A word that the house does not write. */
interface RefusedWord {
  /** Read on a line whose names are split into words, in lower case: `isBuried` reads "is buried". */
  readonly pattern: RegExp;
  /** Reads the line as it is written. */
  readonly cased?: true;
  /** What is written instead. */
  readonly better: string;
  /** *Default*: everywhere. */
  readonly only?: RegExp;
}

const actor = 'Name the actor, as in "the caller" or "the worker".';

/** Prose: an identifier or a test may have such a word by an API that it names. */
const documents = /\.md$/;

const refused: readonly RefusedWord[] = [
  { pattern: /\bwho(?:m)?ever\b/, better: actor },
  { pattern: /\bsome(?:body|one)\b/, better: actor },
  { pattern: /\b(?:any|every)body\b/, better: `${actor} Or say "every caller", "any user".` },
  { pattern: /\b(?:nobody|no one)\b/, better: `${actor} Or say "no caller", "no worker".` },
  { pattern: /\bwhat (?:became|becomes|has become|will become) of\b/, better: 'Write "the outcome", "the result".' },
  { pattern: /\bmend(?:s|ed|ing)?\b/, better: 'Write "fix".' },
  { pattern: /\banew\b/, better: 'Write "again", "a new one" or "restart".' },
  { pattern: /\bshall\b/, better: 'Write "must" or "will".' },
  { pattern: /\btold\b/, better: 'Say what happens: "is returned", "is reported", "the message says".' },
  { pattern: /\b(?:bury|buries|buried|burying)\b/, better: 'Write "dead-letter", as in "deadLettered".' },
  { pattern: /\brevive(?:s|d)?\b/, better: 'Write "requeue".' },
  { pattern: /\bdead\b(?![- ]?(?:letter|row|tup))/, better: 'Write "dead letter" of a task, "lost" or "ended" of anything else.' },
  { pattern: /\blanes?\b/, better: 'Write "fairness key", as in "maxPerKey".' },
  { pattern: /\bheed(?:s|ed)?\b/, better: 'Write what is done, as in "onClaimResult".' },
  { pattern: /\bg(?:ive|ives|iven|ave) back\b/, better: 'Write "release" or "return".' },
  { pattern: /\b(?:candidacy|roster|databaseenters|database enters)\b/, better: 'Write "LeaderElection", "IntrusiveSet", an imperative.' },
  { pattern: /\bPostgres\b/, cased: true, better: 'Write "PostgreSQL": one name in all prose.' },
  // In backticks it is the name of a tool.
  { pattern: /(?<!`)\b[Aa]nswer(?:s|ed|ing)?\b/, cased: true, better: 'Write "respond" or "response".', only: documents },
  { pattern: /\b(?:go|goes|going|gone|went) on\b/, better: 'Write "continue".', only: documents },
  { pattern: /(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b)/, better: 'Write "is not a".', only: documents },
  { pattern: /\b(?:comes?|came) back\b/, better: 'Write "retry", "return" or "respond again".', only: documents },
  { pattern: /\b(?:in the place of|for want of)\b/, better: 'Write "instead of", "for lack of".', only: documents },
  {
    pattern: /\b(?:office|ear|hear|hears|heard|news|seats?|doubts?)\b/,
    better: 'Write "election", "listener", "notification", "index", "reconcile".',
    only: /^src\//,
  },
];

/** Words that are another's: of a stranger's API, or of a subject that is no part of the platform. */
const foreign: readonly { readonly file: string; readonly text: string; readonly reason: string }[] = [
  { file: "src/embedded/account.ts", text: "`nobody`", reason: "the account of the system without rights" },
  { file: "test/integration/embedded/server.ts", text: "root|nobody", reason: "the account of the system without rights" },
  { file: "test/sql/session.test.ts", text: '"Postgres, MDY"', reason: "a date style of the server" },
  { file: "test/campaigns/pooler.ts", text: '"nobody"', reason: "the account of the system without rights" },
];

/** What was decided stays as it was written, the list itself must hold the words, and requirements are as those who write them say it. */
const exempt =
  /^(?:docs\/decisions\/|test\/design\/unseen\/(?:documents\/|phrases\.ts$)|test\/tidy\/(?:words|planted)\.ts$|test\/run\/proof\/(?:renames|titles)\.ts$|PROGRESS\.md$)/;
const written = /\.(?:ts|js|mjs|md|sql|sh)$|^\.ci\/run$/;

/** Finds words that need a second reading, in names, messages, comments and documents. */
export function checkWords(path: string, text: string): Problem[] {
  if (exempt.test(path) || !written.test(path)) return [];
  return text.split("\n").flatMap((line, index) => {
    const words = inWords(line);
    const found = refused.find(({ pattern, only, cased }) => (only?.test(path) ?? true) && pattern.test(cased ? line : words));
    if (found === undefined || foreign.some(({ file, text: own }) => file === path && line.includes(own))) return [];
    const message = `"${found.pattern.exec(found.cased ? line : words)![0]}" needs a second reading. ${found.better}`;
    return [{ file: path, line: index + 1, rule: "word" as const, message }];
  });
}

function inWords(line: string): string {
  return line
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}
