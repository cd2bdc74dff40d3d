// What is under way is counted by address, also where a connection that began it was given up.
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { it } from "node:test";
import { Connections } from "../../src/http/connections/connections.ts";

const peer = { address: "10.0.0.1", proxy: undefined };
const options = {
  ...{ connections: 8, keepAliveMs: 1_000, sendStallMs: 1_000, connectionAgeMs: 1_000, everyMs: 100 },
  ...{ random: () => 0.5, requestBytes: 1_000, switched: () => undefined },
};

it("keeps what is under way from an address where a request of a connection that was given up ends", () => {
  const connections = new Connections(options);
  const first = connections.add(new Socket(), peer) ?? assert.fail();
  connections.remove(first);
  const second = connections.add(new Socket(), peer) ?? assert.fail();
  first.load.inFlight++;
  second.load.inFlight++;
  first.load.inFlight--;
  connections.release(first.load);
  assert.equal(connections.load(peer.address), second.load);
  connections.remove(second);
  second.load.inFlight--;
  connections.release(second.load);
  assert.notEqual(connections.load(peer.address), second.load);
});

it("finds the connection of a socket until it is forgotten", () => {
  const connections = new Connections(options);
  const socket = new Socket();
  const connection = connections.add(socket, peer) ?? assert.fail();
  assert.equal(connections.get(socket), connection);
  connections.remove(connection);
  assert.equal(connections.get(socket), undefined);
});
