/** The samples of one metric, by name and labels. */
interface Family {
  /** The lines that say what it is. */
  readonly head: string[];
  adds: boolean;
  readonly samples: Map<string, number>;
}

/**
 * The metrics of several processes as one text in the format of Prometheus: counters and histograms are added up, and every gauge has the label `process`.
 * *Source*: Prometheus exposition formats, text format 0.0.4.
 */
export class MergedMetrics {
  readonly #families = new Map<string, Family>();

  /** Adds the metrics of a process. Without its place it has ended, or is ending: only what adds up counts. */
  add(text: string, place?: string): void {
    let family: Family | undefined;
    for (const line of text.split("\n")) {
      if (line.startsWith("# ")) family = this.#describe(line);
      else if (line !== "" && family !== undefined) this.#sample(family, line, place);
    }
  }

  toString(): string {
    let text = "";
    for (const { head, samples } of this.#families.values()) {
      if (samples.size === 0) continue;
      text += `${head.join("\n")}\n`;
      for (const [series, value] of samples) text += `${series} ${shown(value)}\n`;
    }
    return text;
  }

  #describe(line: string): Family {
    const [, what, name = "", type] = line.split(" ", 4);
    let family = this.#families.get(name);
    if (family === undefined) {
      family = { head: [], adds: false, samples: new Map() };
      this.#families.set(name, family);
    }
    if (what === "TYPE") family.adds = type !== "gauge";
    if (!family.head.some((other) => other.startsWith(`# ${what} `))) family.head.push(line);
    return family;
  }

  #sample({ adds, samples }: Family, line: string, place: string | undefined): void {
    const at = line.lastIndexOf(" ");
    const series = line.slice(0, at);
    const value = numberIn(line.slice(at + 1));
    if (adds) samples.set(series, (samples.get(series) ?? 0) + value);
    else if (place !== undefined) samples.set(withPlace(series, place), value);
  }
}

function withPlace(series: string, place: string): string {
  const open = series.indexOf("{");
  return open < 0 ? `${series}{process="${place}"}` : `${series.slice(0, open)}{process="${place}",${series.slice(open + 1)}`;
}

function numberIn(text: string): number {
  return text.endsWith("Inf") ? Number(`${text}inity`) : Number(text);
}

function shown(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
