import type { TestEnd } from "../process.ts";
import { newUnitOf } from "./new-units.ts";
import { inEarlierWords } from "./overlay.ts";
import type { Renames } from "./renames.ts";

/** What the tests of one file came to on the earlier code. */
export interface FileProof {
  readonly file: string;
  /** How many tests are new. */
  readonly fresh: number;
  readonly proven: number;
  readonly guards: number;
  /** How many could not run there, since what they test did not exist; `unit` says what that is, and what proves its behaviour. */
  readonly ofNewUnit: number;
  readonly unit: string | undefined;
  /** Each other test with what is wrong. */
  readonly without: readonly string[];
}

/** The runs of one file. `earlier`: of the earlier code's own tests; `there`: of these tests on the earlier code. */
export interface Runs {
  readonly earlier: readonly TestEnd[];
  readonly here: readonly TestEnd[];
  readonly there: readonly TestEnd[];
  readonly renames: Renames;
}

const withoutLine = (name: string) => name.replace(/ \(line \d+\)$/, "");
const isGuard = (name: string) => / \(as before\)( > |$)/.test(withoutLine(name));

/** The names of a file's tests that are not among the earlier code's own, under their own title, an earlier one or in another line. */
export function newTests(file: string, { here, earlier, renames }: Omit<Runs, "there">): readonly string[] {
  const titles = [renames.titles[file], renames.titles["*"]].flatMap((parts) => Object.entries(parts ?? {}));
  const nameBefore = (name: string) =>
    inEarlierWords(
      renames,
      file,
      titles.reduce((all, [now, was]) => all.replaceAll(now, was), withoutLine(name)),
    );
  const known = new Set(earlier.flatMap(({ name }) => [name, withoutLine(name)]));
  const isLeaf = ({ name }: TestEnd) => !here.some((other) => other.name.startsWith(`${name} > `));
  return here.filter((test) => isLeaf(test) && !known.has(test.name) && !known.has(nameBefore(test.name))).map(({ name }) => name);
}

/** Sorts the new tests of a file by what they did on the earlier code. */
export function judge(file: string, runs: Runs): FileProof {
  const fresh = newTests(file, runs);
  const ends = new Map(runs.there.map((test) => [test.name, test]));
  const unit = newUnitOf(file);
  const counts = { proven: 0, guards: 0, ofNewUnit: 0 };
  const without: string[] = [];
  for (const name of fresh) {
    const end = ends.get(inEarlierWords(runs.renames, file, name));
    const why = objection(name, end);
    if (why === undefined) end?.kind === "pass" ? counts.guards++ : counts.proven++;
    else if (unit !== undefined && end?.kind !== "pass") counts.ofNewUnit++;
    else without.push(`${name}\n    ${why}`);
  }
  return { file, fresh: fresh.length, ...counts, unit, without };
}

/** What is wrong with the end of one new test on the earlier code, or undefined where it is as it must be. */
function objection(name: string, there: TestEnd | undefined): string | undefined {
  if (there === undefined) return "did not run: its file does not load there, or what holds it failed";
  if (there.kind === "pass") return isGuard(name) ? undefined : "passes there too";
  if (isGuard(name)) return `fails there, although it says that it is as before: ${there.error.split("\n", 1)[0]}`;
  return there.asserted ? undefined : `fails there, but not by an assertion: ${there.error.split("\n", 1)[0]}`;
}

/** The sums of several files, in words. */
export function count(proofs: readonly FileProof[]): string {
  const sum = (of: (proof: FileProof) => number) => proofs.reduce((total, proof) => total + of(proof), 0);
  const [fresh, proven, guards] = [sum((proof) => proof.fresh), sum((proof) => proof.proven), sum((proof) => proof.guards)];
  const [ofNewUnits, without] = [sum((proof) => proof.ofNewUnit), sum((proof) => proof.without.length)];
  return `${fresh} new tests, ${proven} fail by their assertion, ${guards} are as before, ${ofNewUnits} of new units, ${without} without proof`;
}
