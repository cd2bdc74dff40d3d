import { embeddedTestServer, type TestServer } from "../../src/testing/database.ts";
import { postgresUrl } from "../services.ts";

/** Every PostgreSQL that tests run on: the embedded one always, the machine's where it answers (in CI it must). */
export async function testServers(): Promise<readonly TestServer[]> {
  const url = await postgresUrl();
  const local = url === undefined ? [] : [{ name: "local", adminUrl: url, stop: async () => undefined }];
  return [await embeddedTestServer(), ...local];
}

/** The same for files that take long on each: the embedded one; with SERVERS=all every one. */
export async function longTestServers(): Promise<readonly TestServer[]> {
  return process.env.SERVERS === "all" ? testServers() : [await embeddedTestServer()];
}
