// @grpc/grpc-js, bare: protobufjs decodes and encodes, nothing is checked and nothing is logged.
import { type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";
import { path } from "./message.ts";
import { requestType, responseType } from "./protobufjs.ts";

const echo: handleUnaryCall<object, object> = (call, callback) => callback(null, call.request);
const server = new Server();
server.addService(
  {
    Echo: {
      ...{ path, requestStream: false, responseStream: false },
      requestDeserialize: (bytes: Buffer) => requestType.decode(bytes),
      requestSerialize: (message: object) => Buffer.from(requestType.encode(message).finish()),
      responseSerialize: (message: object) => Buffer.from(responseType.encode(message).finish()),
      responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
    },
  },
  { Echo: echo },
);
server.bindAsync(`127.0.0.1:${process.env.PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log("ready");
});
