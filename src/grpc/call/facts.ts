import type { SurfaceFacts } from "../../operation/execution.ts";

/** What telemetry shows of a call, beside its sizes. */
export interface GrpcCallLabels {
  readonly service: string;
  readonly method: string;
  /** The number of its status; 0 is success. */
  readonly status: number;
}

/** The labels of one method, each made once. */
export class GrpcLabels {
  readonly #service: string;
  readonly #method: string;
  readonly #known: GrpcFacts["labels"][] = [];

  /** `path`: as in `/orders.Orders/Place`. */
  constructor(path: string) {
    const [, service = "", method = ""] = path.split("/");
    this.#service = service;
    this.#method = method;
  }

  of(status: number): GrpcFacts["labels"] {
    const known = this.#known.find((labels) => labels.status === status);
    if (known !== undefined) return known;
    const labels = { service: this.#service, method: this.#method, status };
    this.#known.push(labels);
    return labels;
  }
}

/** What gRPC adds to an execution. *Source*: OpenTelemetry semantic conventions for RPC. */
export class GrpcFacts implements SurfaceFacts {
  readonly labels: Readonly<Record<string, string | number>> & GrpcCallLabels;
  readonly requestBytes: number;
  readonly responseBytes: number;

  constructor(labels: GrpcFacts["labels"], requestBytes: number, responseBytes: number) {
    this.labels = labels;
    this.requestBytes = requestBytes;
    this.responseBytes = responseBytes;
  }

  get name(): string {
    return "grpc";
  }

  get title(): string {
    return `${this.labels.service}/${this.labels.method}`;
  }

  get attributes(): Readonly<Record<string, string | number>> {
    return {
      "rpc.system": "grpc",
      "rpc.service": this.labels.service,
      "rpc.method": this.labels.method,
      "rpc.grpc.status_code": this.labels.status,
    };
  }
}
