// A process that streams, for lost.test.ts. It prints its address.
import { MemoryDatabase } from "../../../../src/testing/conformance/memory-database.ts";
import { startCallee } from "../two-apps.ts";
import { feedOf } from "./operations.ts";

const database = new MemoryDatabase();
const app = await startCallee([feedOf().feed], { database: { open: () => database } });
process.send?.({ url: app.url });
process.on("disconnect", () => process.exit(0));
