import { brokerUnavailable, loadPackage, messageRefused, placeMissing } from "../messaging/broker-faults.ts";

/** What `kafka` takes: where the brokers are, and the topic. */
export interface KafkaSpec {
  /** As in `["kafka-1:9092", "kafka-2:9092"]`. */
  readonly brokers: readonly string[];
  /** The topic. It has to exist. */
  readonly topic: string;
  /** Encrypts. *Default*: false. */
  readonly tls?: boolean;
  readonly sasl?: { readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512"; readonly username: string; readonly password: string };
}

/** How long a broker may take. *Units*: milliseconds. */
const timeoutMs = 5_000;

/** Loads the client. *Faults thrown*: as `loadPackage`. */
export const loadKafka = () => loadPackage("plimsoll/kafka", "@platformatic/kafka", () => import("@platformatic/kafka"));

/** What every client of it is made with. */
export function clientOptions({ brokers, tls, sasl }: KafkaSpec, clientId: string) {
  return {
    ...{ clientId, bootstrapBrokers: [...brokers], timeout: timeoutMs, connectTimeout: timeoutMs, retries: 1, retryDelay: 100 },
    autocreateTopics: false,
    ...(tls === true && { tls: {} }),
    ...(sasl !== undefined && { sasl }),
  };
}

/** The names of the errors in a failure of the client, wherever they stand in it. */
function errorNames(error: unknown, depth = 0): readonly string[] {
  if (depth > 5 || typeof error !== "object" || error === null) return [];
  const {
    apiId,
    errors = [],
    cause,
  } = error as { readonly apiId?: unknown; readonly errors?: readonly unknown[]; readonly cause?: unknown };
  const own = typeof apiId === "string" ? [apiId] : [];
  return [...own, ...[...errors, cause].flatMap((inner) => errorNames(inner, depth + 1))];
}

/** Errors by which a broker never takes a message. */
const refusals: ReadonlySet<string> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP"]);

/** Says whether a failure means that a partition has no message at the position. */
export const isOutOfRange = (error: unknown): boolean => errorNames(error).includes("OFFSET_OUT_OF_RANGE");

/** What a failure of the client means. */
export function kafkaFault(error: unknown, topic: string) {
  const names = errorNames(error);
  if (names.some((name) => refusals.has(name))) return messageRefused("Kafka", error);
  return names.includes("UNKNOWN_TOPIC_OR_PARTITION") ? placeMissing("Kafka", `topic ${topic}`, error) : brokerUnavailable("Kafka", error);
}
