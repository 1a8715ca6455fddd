/** Atoll in your own process: a node, and the store it offers. */

export { AtollError, type ErrorCode } from "./base/errors.ts";
export type { Key, ReplicaId } from "./base/ids.ts";
export { keyFromBytes, keyFromText } from "./base/key.ts";
export type * from "./cluster-status.ts";
export type * from "./document-store.ts";
export { createNode, type Node } from "./node/create-node.ts";
export type { StartConfig } from "./node/node-config.ts";
export type { NodeDocument } from "./node/node-document.ts";
export type * from "./store.ts";
