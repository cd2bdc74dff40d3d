/** An entry of a lockfile that could be replaced unseen on its way. */
export interface LockProblem {
  readonly entry: string;
  readonly message: string;
}

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly optional?: boolean;
}

/** What is wrong with a lockfile: entries without a hash, and install scripts among what users install. */
export function checkLockfile(text: string): LockProblem[] {
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockEntry>> };
  return Object.entries(packages).flatMap(([entry, { integrity, link, ...has }]) => {
    if (entry === "" || link === true) return [];
    const problems: LockProblem[] = [];
    if (!/^sha(512|384)-[\w+/]+={0,2}$/.test(integrity ?? ""))
      problems.push({ entry, message: 'It has no integrity. Add "integrity" as `npm view NAME@VERSION dist.integrity` prints it.' });
    const isInstalled = !(has.dev || has.devOptional || has.peer || has.optional);
    if (has.hasInstallScript === true && isInstalled)
      problems.push({ entry, message: "It runs a script when users install it. Choose a package without one." });
    return problems;
  });
}

/** What is wrong with the subject of a commit. */
export function checkSubject(subject: string): string | undefined {
  if (subject.length > 72) return `It has ${subject.length} characters, and at most 72 fit. Put the why into the body.`;
  if (!/^[a-z][a-z0-9/-]*(, [a-z][a-z0-9/-]*)*: \S/.test(subject))
    return 'It lacks its area in front, as in "tasks: hand over by known names".';
  return undefined;
}
