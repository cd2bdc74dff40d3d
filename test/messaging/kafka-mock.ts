import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Producer } from "@platformatic/kafka";

let kcat: ChildProcess | undefined;

/** Starts a consumer of kcat whose library has a broker of its own: the address of that, or undefined where kcat is not installed. */
async function start(): Promise<string | undefined> {
  // It gives the address of its broker to no other client but in its debug output.
  kcat = spawn("kcat", ["-C", "-t", "idle", "-b", "unused:1", "-X", "test.mock.num.brokers=1", "-d", "mock"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const failed = once(kcat, "error").then(() => undefined);
  const found = new Promise<string | undefined>((resolve) => {
    let text = "";
    kcat?.stderr?.on("data", (bytes: Buffer) => {
      if (text.length < 10_000) text += bytes.toString();
      const address = /bootstrap\.servers=([\d.]+:\d+)/.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    kcat?.on("exit", () => resolve(undefined));
  });
  return Promise.race([found, failed]);
}

const broker = await start();

/** Why its tests are skipped, where there is none. */
export const kafkaSkip = broker !== undefined ? false : "no mock broker of Kafka: apt-get install -y kcat";

let topics = 0;

/** Makes a topic of four partitions. */
export async function makeTopic(): Promise<{ readonly brokers: readonly string[]; readonly topic: string }> {
  const topic = `test-${topics++}`;
  const address = broker as string;
  const client = new Producer({ clientId: "test", bootstrapBrokers: [address], autocreateTopics: true });
  await client.metadata({ topics: [topic], autocreateTopics: true });
  await client.close();
  return { brokers: [address], topic };
}

/** Ends the broker. */
export async function closeKafka(): Promise<void> {
  // It takes its time after SIGTERM, or for ever where its topic has no broker.
  kcat?.stderr?.destroy();
  kcat?.kill("SIGKILL");
}
