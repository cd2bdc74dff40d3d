/** One panel of a dashboard: what it shows, in the words of both languages, and its queries. `S` stands for the selector of the app's series. */
export interface PanelSpec {
  readonly title: { readonly en: string; readonly zh: string };
  /** Each query with the legend of its series. */
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** *Default*: `short`. */
  readonly unit?: "s" | "percentunit" | "reqps" | "bytes" | "dateTimeFromNow" | "short";
  /** *Default*: `timeseries`. */
  readonly type?: "timeseries" | "stat";
  /** *Default*: half of the width of 24. */
  readonly width?: number;
}

/** One dashboard. `operation`: it has a list from which an operation is chosen. */
export interface DashboardSpec {
  readonly uid: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly choosesOperation?: true;
  readonly panels: readonly PanelSpec[];
}

const height = 8;
const columns = 24;

/** Places the panels in rows, and writes each as Grafana's classic schema has it. */
export function layOut(panels: readonly PanelSpec[], language: "en" | "zh"): readonly object[] {
  let [x, y] = [0, 0];
  return panels.map((panel, index) => {
    const { title, queries, unit = "short", type = "timeseries", width = columns / 2 } = panel;
    if (x + width > columns) [x, y] = [0, y + height];
    const at = { h: height, w: width, x, y };
    x += width;
    return {
      ...{ id: index + 1, title: title[language], type, gridPos: at, datasource },
      fieldConfig: {
        defaults: { unit, min: unit === "dateTimeFromNow" ? null : 0, custom: { fillOpacity: 8, showPoints: "never" } },
        overrides: [],
      },
      options:
        type === "stat"
          ? { reduceOptions: { calcs: ["lastNotNull"] }, textMode: "value_and_name" }
          : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
      targets: queries.map(({ expr, legend }, at) => ({
        ...{ refId: String.fromCharCode(65 + at), expr, legendFormat: legend, datasource, range: true },
      })),
    };
  });
}

/** The data source that the reader of the dashboard chooses. */
export const datasource = { type: "prometheus", uid: `\${datasource}` } as const;
