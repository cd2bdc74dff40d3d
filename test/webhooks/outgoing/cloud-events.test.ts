import assert from "node:assert/strict";
import { it } from "node:test";
import { HTTP, type CloudEvent as TheirEvent } from "cloudevents";
import { testApp, testDatabase } from "plimsoll/testing";
import { environmentKeys, vault } from "plimsoll/vault";
import { readCloudEvent } from "plimsoll/webhooks";
import { Webhook } from "standardwebhooks";
import { receiver } from "./receiver.ts";
import { ann, shopWith } from "./shop.ts";

it("sends each event as a CloudEvent, all of which is signed, and which the package of the specification reads", async () => {
  const { modules, place, register } = shopWith({ allow: ["127.0.0.1"] }, true, { format: "cloudevents" });
  const keys = environmentKeys({ keys: { one: "hJ6/2vQeIu0OeYyQ1n8rZfVbX3T7kM5cAaWpLdGsNiU=" } });
  await using database = await testDatabase({ modules });
  await using server = await receiver();
  await using app = await testApp({ modules, database, actor: ann, vault: vault({ keys }) });
  const { secret } = await app.call(register, { url: `${server.url}/hook`, events: ["shop.placed"] });
  const came = server.came.next(() => true);
  await app.call(place, { order: "one" });
  const { headers, body } = await came;
  new Webhook(secret).verify(body, headers as Record<string, string>);
  assert.equal(headers["content-type"], "application/cloudevents+json");

  const { id, source, type, time, data, extensions = {} } = readCloudEvent({ headers, body });
  assert.deepEqual([id, source, type, data], [headers["webhook-id"], "urn:plimsoll:shop", "shop.placed", { order: "one", cents: 5 }]);
  const { causationid, correlationid, position, traceparent, ...rest } = extensions;
  assert.deepEqual(rest, { tenant: "acme", actor: "ann", partitionkey: "one", eventversion: 1 });
  assert.deepEqual([typeof causationid, causationid], ["string", correlationid]);
  assert.match(String(position), /^\d+\/\d+\/\d+$/);
  assert.match(String(traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);

  const theirs = HTTP.toEvent({ headers, body }) as TheirEvent<unknown>;
  assert.equal(theirs.validate(), true);
  assert.deepEqual([theirs.id, theirs.type, theirs.time, theirs.data], [id, type, time?.toISOString(), data]);
});
