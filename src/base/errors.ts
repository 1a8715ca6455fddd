/**
 * The one table of errors: stable code, HTTP status, Redis prefix, WebSocket close code where the error ends a
 * connection, and whether the same call may succeed later. Doors read this table and decide nothing themselves.
 */

interface ErrorRow {
  readonly http: number;
  readonly redis: string;
  /** Close code for errors after which a WebSocket cannot go on; `undefined` = answered, connection kept. */
  readonly close?: number;
  readonly retry: boolean;
}

export const errorTable = {
  BAD_REQUEST: { http: 400, redis: "ERR", retry: false },
  BAD_JSON: { http: 400, redis: "ERR", retry: false },
  BAD_MESSAGE: { http: 400, redis: "ERR", close: 1007, retry: false },
  BAD_TTL: { http: 400, redis: "ERR", retry: false },
  BAD_ACK: { http: 400, redis: "ERR", retry: false },
  BAD_CURSOR: { http: 400, redis: "ERR", retry: false },
  BAD_SESSION: { http: 400, redis: "ERR", retry: false },
  BAD_PERCENT_ENCODING: { http: 400, redis: "ERR", retry: false },
  KEY_EMPTY: { http: 400, redis: "ERR", retry: false },
  KEY_TOO_LONG: { http: 414, redis: "ERR", retry: false },
  VALUE_TOO_LARGE: { http: 413, redis: "ERR", retry: false },
  BODY_TOO_LARGE: { http: 413, redis: "ERR", retry: false },
  DOCUMENT_TOO_LARGE: { http: 413, redis: "ERR", close: 1009, retry: false },
  BATCH_TOO_LARGE: { http: 413, redis: "ERR", retry: false },
  CONTENT_TYPE_TOO_LONG: { http: 400, redis: "ERR", retry: false },
  BAD_TAG: { http: 400, redis: "ERR", retry: false },
  TOO_MANY_TAGS: { http: 400, redis: "ERR", retry: false },
  TOO_MANY_INVALIDATIONS: { http: 507, redis: "OOM", retry: true },
  UNSUPPORTED_ENCODING: { http: 415, redis: "ERR", retry: false },
  CANNOT_CUT_SELF: { http: 400, redis: "ERR", retry: false },
  CANNOT_REMOVE_SELF: { http: 400, redis: "ERR", retry: false },
  MEMBER_ALIVE: { http: 409, redis: "ERR", retry: false },
  MEMBER_LAST_OWNER: { http: 409, redis: "ERR", retry: false },
  LAST_MEMBER: { http: 409, redis: "ERR", retry: false },
  UNKNOWN_OPERATION: { http: 400, redis: "ERR", retry: false },
  UNKNOWN_KEYSPACE: { http: 404, redis: "ERR", retry: false },
  BAD_KEYSPACE_NAME: { http: 400, redis: "ERR", retry: false },
  KEYSPACE_CLASH: { http: 409, redis: "ERR", retry: false },
  KEYSPACE_EVERYWHERE: { http: 409, redis: "ERR", retry: false },
  KEYSPACE_WITHOUT_OWNERS: { http: 409, redis: "ERR", retry: true },
  MEMORY_SHARES_OVER_ALL: { http: 409, redis: "ERR", retry: false },
  TOO_MANY_KEYSPACES: { http: 409, redis: "ERR", retry: false },
  POLICY_BAD_REPLICATION: { http: 400, redis: "ERR", retry: false },
  POLICY_BAD_REGION: { http: 400, redis: "ERR", retry: false },
  POLICY_NO_REGION: { http: 400, redis: "ERR", retry: false },
  POLICY_REGION_NOT_ALLOWED: { http: 400, redis: "ERR", retry: false },
  POLICY_REGION_WITHOUT_COPIES: { http: 400, redis: "ERR", retry: false },
  POLICY_TTL_OVER_MAX: { http: 400, redis: "ERR", retry: false },
  POLICY_BAD_MEMORY_SHARE: { http: 400, redis: "ERR", retry: false },
  TTL_OVER_MAX: { http: 400, redis: "ERR", retry: false },
  UNKNOWN_WATCH: { http: 404, redis: "ERR", retry: false },
  UNSUPPORTED_SUBPROTOCOL: { http: 400, redis: "ERR", close: 1002, retry: false },
  NOT_FOUND: { http: 404, redis: "ERR", retry: false },
  METHOD_NOT_ALLOWED: { http: 405, redis: "ERR", retry: false },
  UPGRADE_REQUIRED: { http: 426, redis: "ERR", retry: false },
  NOT_A_NUMBER: { http: 409, redis: "ERR", retry: false },
  NUMBER_OVERFLOW: { http: 409, redis: "ERR", retry: false },
  WRONG_TYPE: { http: 409, redis: "WRONGTYPE", retry: false },
  PRECONDITION_FAILED: { http: 412, redis: "ERR", retry: false },
  DOCUMENT_RESET: { http: 409, redis: "ERR", close: 4410, retry: false },
  DOCUMENT_CHANGED: { http: 409, redis: "ERR", close: 1012, retry: true },
  TOO_MANY_DOCUMENTS: { http: 503, redis: "ERR", close: 1013, retry: true },
  STAMPS_EXHAUSTED: { http: 409, redis: "ERR", retry: false },
  UNAUTHORIZED: { http: 401, redis: "NOAUTH", close: 4401, retry: false },
  FORBIDDEN: { http: 403, redis: "NOPERM", retry: false },
  FORBIDDEN_ORIGIN: { http: 403, redis: "NOPERM", close: 4403, retry: false },
  FAULTS_DISABLED: { http: 403, redis: "NOPERM", retry: false },
  HEADERS_TOO_LARGE: { http: 431, redis: "ERR", retry: false },
  TIMEOUT: { http: 408, redis: "ERR", close: 4408, retry: true },
  TOO_MANY_CONNECTIONS: { http: 503, redis: "ERR", close: 4429, retry: true },
  TOO_MANY_WATCHES: { http: 429, redis: "ERR", retry: true },
  TOO_MANY_REQUESTS: { http: 429, redis: "ERR", retry: true },
  SLOW_CONSUMER: { http: 503, redis: "ERR", close: 4409, retry: true },
  SESSION_BEHIND: { http: 503, redis: "TRYAGAIN", retry: true },
  QUORUM_UNREACHABLE: { http: 503, redis: "TRYAGAIN", retry: true },
  OUTCOME_UNKNOWN: { http: 504, redis: "UNKNOWN", retry: false },
  KEYS_APART: { http: 409, redis: "CROSSSLOT", retry: false },
  BACKUP_DAMAGED: { http: 400, redis: "ERR", retry: false },
  BACKUP_UNKNOWN_FORMAT: { http: 400, redis: "ERR", retry: false },
  OWNERS_UNREACHABLE: { http: 503, redis: "TRYAGAIN", retry: true },
  NOT_READY: { http: 503, redis: "LOADING", retry: true },
  SHUTTING_DOWN: { http: 503, redis: "LOADING", close: 1001, retry: true },
  MEMORY_FULL: { http: 507, redis: "OOM", retry: true },
  DISK_FAILED: { http: 503, redis: "ERR", retry: true },
  DISK_FULL: { http: 507, redis: "OOM", retry: true },
  INTERNAL: { http: 500, redis: "ERR", close: 1011, retry: true },
  // Documents and awareness.
  BAD_UPDATE: { http: 400, redis: "ERR", close: 1007, retry: false },
  UPDATE_TOO_LARGE: { http: 413, redis: "ERR", close: 1009, retry: false },
  PREDECESSORS_MISSING: { http: 409, redis: "ERR", close: 1008, retry: true },
  BAD_AWARENESS: { http: 400, redis: "ERR", close: 1007, retry: false },
  AWARENESS_TOO_LARGE: { http: 413, redis: "ERR", close: 1009, retry: false },
  AWARENESS_FLOOD: { http: 429, redis: "ERR", close: 4429, retry: true },
  // Between replicas: why a link is refused or cut.
  PEER_BAD_FRAME: { http: 400, redis: "ERR", close: 4400, retry: false },
  PEER_BAD_SECRET: { http: 401, redis: "ERR", close: 4401, retry: false },
  PEER_OTHER_CLUSTER: { http: 409, redis: "ERR", close: 4402, retry: false },
  PEER_OTHER_SHARDS: { http: 409, redis: "ERR", close: 4403, retry: false },
  PEER_NO_COMMON_VERSION: { http: 409, redis: "ERR", close: 4404, retry: false },
  PEER_DUPLICATE_ID: { http: 409, redis: "ERR", close: 4405, retry: false },
  PEER_FRAME_TOO_LARGE: { http: 413, redis: "ERR", close: 4413, retry: false },
  PEER_TIMEOUT: { http: 408, redis: "ERR", close: 4408, retry: true },
  PEER_REPLACED: { http: 409, redis: "ERR", close: 4406, retry: true },
  PEER_SELF: { http: 409, redis: "ERR", close: 4407, retry: false },
  // At start-up.
  BAD_CONFIG: { http: 400, redis: "ERR", retry: false },
  DATA_LOCKED: { http: 500, redis: "ERR", retry: true },
  DATA_UNREADABLE: { http: 500, redis: "ERR", retry: false },
  DATA_NEWER_FORMAT: { http: 500, redis: "ERR", retry: false },
  PORT_IN_USE: { http: 500, redis: "ERR", retry: true },
  UNREACHABLE: { http: 502, redis: "ERR", retry: true },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** What a code means at each door. */
export function errorRow(code: ErrorCode): ErrorRow {
  return errorTable[code];
}

/** A failure of the world or of a caller: `code` is stable, `message` is for people and free to change. */
export class AtollError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AtollError";
    this.code = code;
  }
}

/** The error as an `AtollError`; anything that is not one already becomes `INTERNAL` with its cause kept. */
export function toAtollError(error: unknown): AtollError {
  if (error instanceof AtollError) return error;
  return new AtollError("INTERNAL", error instanceof Error ? error.message : String(error), { cause: error });
}
