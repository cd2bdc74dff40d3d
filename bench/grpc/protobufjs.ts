import protobuf from "protobufjs";
import { protoFiles } from "../../src/grpc/index.ts";
import { modules } from "./contract.ts";

const { root } = protobuf.parse(protoFiles({ modules, lock: false })["orders.proto"] ?? "");

/** The messages of the method, as protobufjs compiles them. */
export const requestType = root.lookupType("orders.EchoRequest");
export const responseType = root.lookupType("orders.EchoResponse");
