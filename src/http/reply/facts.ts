import type { SurfaceFacts } from "../../operation/execution.ts";

/** What telemetry shows of an execution that came over HTTP, beside its sizes. */
export interface HttpLabels {
  readonly method: string;
  /** The route's template, never the target with its values. */
  readonly route: string;
  readonly status: number;
}

/** What HTTP adds to an execution. *Source*: OpenTelemetry semantic conventions for HTTP servers. */
export class HttpFacts implements SurfaceFacts {
  readonly labels: Readonly<Record<string, string | number>> & HttpLabels;
  readonly requestBytes: number;
  readonly responseBytes: number;

  constructor(labels: HttpFacts["labels"], requestBytes: number, responseBytes: number) {
    this.labels = labels;
    this.requestBytes = requestBytes;
    this.responseBytes = responseBytes;
  }

  get name(): string {
    return "http";
  }

  get title(): string {
    return `${this.labels.method} ${this.labels.route}`;
  }

  get attributes(): Readonly<Record<string, string | number>> {
    return {
      "http.request.method": this.labels.method,
      "http.route": this.labels.route,
      "http.response.status_code": this.labels.status,
      "http.request.body.size": this.requestBytes,
      "http.response.body.size": this.responseBytes,
    };
  }
}

/** The labels of one route, each made once. */
export class RouteLabels {
  readonly #route: string;
  // A route has one method, or two with HEAD, and a handful of statuses: looking through them costs less than a key.
  readonly #known: HttpFacts["labels"][] = [];

  constructor(route: string) {
    this.#route = route;
  }

  of(method: string, status: number): HttpFacts["labels"] {
    for (const labels of this.#known) if (labels.status === status && labels.method === method) return labels;
    const labels = { method, route: this.#route, status };
    this.#known.push(labels);
    return labels;
  }
}
