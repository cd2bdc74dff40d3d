export type { GrpcLock, LockedNumbers } from "../protobuf/descriptor/numbers.ts";
export type { GrpcCors } from "./cors.ts";
export { type DescriptorSource, descriptorSet, lockNumbers, type NumberChanges, protoFiles } from "./descriptors.ts";
export { type GrpcSpec, grpc } from "./grpc.ts";
export type { GrpcLimits } from "./limits.ts";
export type { GrpcTls } from "./tls.ts";
