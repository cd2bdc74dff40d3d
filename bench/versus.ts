// Whether a commit is as fast as an earlier one: `node bench/versus.ts --before CHECKOUT [--pairs N] [http|query|command|start|tasks …]`.
// CHECKOUT is a folder with the earlier commit, its packages and those of its bench installed. Both are up at the same time and are measured in turn; this
// commit a second time too, which shows what the machine makes of two that are equal. The exit code is 0 where every figure is at least 0.95 of before,
// by the lower end of the interval in which the middle of the ratios lies with 95%: that of `plimsoll load --before`.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seededRandom } from "../src/core/clock.ts";
import { bootstrap, type Interval } from "../src/load/paired/interval.ts";
import { type Meter, meters } from "./versus/meters.ts";

const bar = 0.95;
const here = fileURLToPath(new URL("..", import.meta.url));

type Figures = Readonly<Record<string, number>>;

async function up(meter: Meter, checkout: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("versus/child.ts", import.meta.url)), [meter, checkout], { cwd: checkout });
  const ended = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`${checkout} ended with ${code}; what it printed is above.`)),
  );
  ended.catch(() => undefined);
  await Promise.race([once(child, "message"), ended]);
  return child;
}

async function measure(child: ChildProcess): Promise<Figures> {
  const measured = once(child, "message");
  child.send("measure");
  return (await measured)[0] as Figures;
}

/** The middle of ratios, and the interval in which it lies with 95%: of their logarithms, so that twice and half weigh the same. */
function interval(ratios: readonly number[]): Interval {
  const { middle, low, high } = bootstrap(ratios.map(Math.log), seededRandom(1));
  return { middle: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) };
}

async function compare(meter: Meter, before: string, pairs: number): Promise<boolean> {
  const children: ChildProcess[] = [];
  const [olds, news, agains]: [Figures[], Figures[], Figures[]] = [[], [], []];
  try {
    for (const checkout of [before, here, here]) children.push(await up(meter, checkout));
    const all = [olds, news, agains].map((figures, index) => ({ figures, child: children[index]! }));
    for (let pair = 0; pair < pairs; pair++) {
      const turned = all.map((_, index) => all[(index + pair) % all.length]!);
      for (const { figures, child } of pair % 2 === 0 ? turned : turned.reverse()) figures.push(await measure(child));
    }
  } finally {
    for (const child of children) if (child.connected) child.disconnect();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, "exit")));
  }
  let holds = true;
  for (const figure of Object.keys(news[0] ?? {})) {
    const ratios = (some: readonly Figures[], others: readonly Figures[]) => some.map((own, pair) => own[figure]! / others[pair]![figure]!);
    const found = interval(ratios(news, olds));
    const control = interval(ratios(agains, news));
    const show = ({ middle, low, high }: Interval) => `${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
    console.log(`${meter} ${figure}: ${show(found)} of before, ${show(control)} of itself, ${pairs} pairs`);
    holds &&= found.low >= bar;
  }
  return holds;
}

const { values, positionals } = parseArgs({
  options: { before: { type: "string" }, pairs: { type: "string", default: "30" } },
  allowPositionals: true,
});
const pairs = Number(values.pairs);
if (values.before === undefined || !(pairs >= 6) || positionals.some((name) => !meters.includes(name as Meter))) {
  console.error(`usage: node bench/versus.ts --before CHECKOUT [--pairs N] [${meters.join("|")} …]`);
  process.exit(2);
}
let holds = true;
for (const meter of meters.filter((name) => positionals.length === 0 || positionals.includes(name)))
  holds = (await compare(meter, values.before, pairs)) && holds;
process.exitCode = holds ? 0 : 1;
