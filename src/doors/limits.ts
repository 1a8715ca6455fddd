/** Every size, count and time that a door bounds. Names end in their unit and bound; the defaults are in `defaultLimits`. */

export interface DoorLimits {
  /** Longest key; the store's own limit, repeated here so that nothing longer reaches it. */
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly batchOperationsMax: number;
  /** Values that one batch may read in all. */
  readonly batchReadBytesMax: number;
  /** Bodies other than values and batches. */
  readonly smallBodyBytesMax: number;
  /**
   * Long request bodies and answers held in memory by all connections together, unless a single one is longer; and short bodies
   * being received, once more.
   */
  readonly bodyBytesInFlightMax: number;
  /** How long a long body or answer waits for room among these ... */
  readonly roomWaitMs: number;
  /** ... and how long one may keep it while others wait, beside a second for each MiB. */
  readonly roomKeepMs: number;
  readonly keysPageDefault: number;
  readonly keysPageMax: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Request line and headers. */
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** To send all headers, or nothing at all, after connecting. */
  readonly headersTimeoutMs: number;
  /** To send one whole request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Where tokens are asked for, what a connection may send and how long it may stay before it has shown a good one. */
  readonly strangerHeadBytesMax: number;
  readonly strangerTimeoutMs: number;
  /** How long a reader may stall with an answer, or events, waiting for it. */
  readonly stalledReaderTimeoutMs: number;
  /** What may wait for a reader of events before it is cut off. */
  readonly outputBytesMax: number;
  /** What may wait for a reader on a WebSocket before no more of its requests are begun. */
  readonly answersUnreadBytesMax: number;
  readonly heartbeatMs: number;
  /** Session waits: when `wait` is not given, and the longest that may be asked for. */
  readonly sessionWaitMs: number;
  readonly sessionWaitMsMax: number;
  /** WebSocket requests being carried out for one connection. */
  readonly requestsInFlightMax: number;
  readonly watchesPerConnectionMax: number;
  /** Watches of all connections together. */
  readonly watchesMax: number;
  readonly fragmentsMax: number;
  /** One message about a document: an update, or a state vector. */
  readonly documentMessageBytesMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const defaultLimits: DoorLimits = {
  keyBytesMax: 1024,
  valueBytesMax: 16 * MIB,
  batchOperationsMax: 1000,
  batchReadBytesMax: 64 * MIB,
  smallBodyBytesMax: 64 * KIB,
  bodyBytesInFlightMax: 256 * MIB,
  roomWaitMs: 10_000,
  roomKeepMs: 5_000,
  keysPageDefault: 1000,
  keysPageMax: 10_000,
  connectionsMax: 10_000,
  connectionsPerAddressMax: 2_500,
  headerBytesMax: 16 * KIB,
  headersMax: 100,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  strangerHeadBytesMax: 4 * KIB,
  strangerTimeoutMs: 5_000,
  stalledReaderTimeoutMs: 60_000,
  outputBytesMax: 8 * MIB,
  answersUnreadBytesMax: MIB,
  heartbeatMs: 15_000,
  sessionWaitMs: 2_000,
  sessionWaitMsMax: 60_000,
  requestsInFlightMax: 64,
  watchesPerConnectionMax: 64,
  watchesMax: 10_000,
  fragmentsMax: 1024,
  documentMessageBytesMax: 8 * MIB,
};

/** Room for a value as base64 in JSON, and what is around it. */
export function messageBytesMax(limits: DoorLimits): number {
  return Math.ceil((limits.valueBytesMax * 4) / 3) + 64 * KIB;
}

/** `changes` laid over the defaults. */
export function createLimits(changes: Partial<DoorLimits> = {}): DoorLimits {
  return { ...defaultLimits, ...changes };
}
