/**
 * Every size and count that documents and awareness are held to, and what happens at each. Names end in their unit and
 * bound; the defaults are in `documentLimits`. Whoever goes over one is told by the code named here and, on a WebSocket,
 * loses that connection alone.
 */

/** Of one update, before it is applied. At each: `UPDATE_TOO_LARGE`, and nothing of it is applied, stored or relayed. */
export interface UpdateLimits {
  readonly updateBytesMax: number;
  /** Items, collected items and skips. */
  readonly structsPerUpdateMax: number;
  /** Ranges of the delete set. */
  readonly deletesPerUpdateMax: number;
  /** Clients, of structs and of the delete set. What Yjs cannot apply costs it the square of their number. */
  readonly clientsPerUpdateMax: number;
  /** Values in arrays, objects and JSON, each counted. */
  readonly valuesPerUpdateMax: number;
  /** Shared types at the top: Yjs makes an object of 650 bytes for each that is named. */
  readonly rootsMax: number;
  /** Yjs makes an object of 2 KB for each, of 6 bytes. */
  readonly subdocumentsMax: number;
  /** Names of shared types, keys of maps, formats and objects, names of elements, ids of subdocuments. In bytes of UTF-8. */
  readonly nameBytesMax: number;
  /** Arrays and objects within each other, of a plain value. Whoever writes one as JSON does so by recursion. */
  readonly nestingMax: number;
  /**
   * Steps of a quarter of a microsecond over others that Yjs may need to find the places of all that is inserted: so many, and
   * so many more for each struct.
   */
  readonly insertionStepsMax: number;
  readonly insertionStepsPerStructMax: number;
}

/** Of a document; its bytes are bounded by the store. */
export interface DocumentSizeLimits {
  /** At it: `DOCUMENT_TOO_LARGE`. */
  readonly structsMax: number;
  /** Clients that ever wrote in it: each is an entry in every state vector. At it: `DOCUMENT_TOO_LARGE`. */
  readonly clientsMax: number;
  /**
   * Shared types within each other, which Yjs deletes and collects by recursion: at some 4,000 it throws in the midst of it,
   * and again whenever the document is loaded. At it: `BAD_UPDATE`.
   */
  readonly typeNestingMax: number;
}

/** Of the time that applying clients' updates takes. At each: `TOO_MANY_REQUESTS`, for the next update. */
export interface WorkLimits {
  /** Of each update, what is not counted. */
  readonly workMsFree: number;
  /** Of one connection, in a window. */
  readonly connectionWorkMsMax: number;
  /** Of a document, in a window. */
  readonly documentWorkMsMax: number;
  readonly workWindowMs: number;
}

/** Of awareness. */
export interface AwarenessLimits {
  /** The state of one client, as JSON, where it is news. At it: `AWARENESS_TOO_LARGE`. */
  readonly awarenessStateBytesMax: number;
  /** One message with news. At it: `AWARENESS_TOO_LARGE`. */
  readonly awarenessMessageBytesMax: number;
  /** Of a document, and so of one message: the stock client sends what it hears back. At it: `AWARENESS_TOO_LARGE`. */
  readonly awarenessClientsMax: number;
  /** That one connection was the first to tell of; echoes of others do not count. At it: `AWARENESS_FLOOD`. */
  readonly awarenessClientsPerConnectionMax: number;
  /** Messages with news, a second; echoes do not count, they are dropped. At it: `AWARENESS_FLOOD`. */
  readonly awarenessNewsPerSecondMax: number;
  /** Arrays and objects within each other, in a state. At it: `BAD_AWARENESS`. */
  readonly nestingMax: number;
}

export type DocumentLimits = UpdateLimits & DocumentSizeLimits & WorkLimits & AwarenessLimits;

const KIB = 1024;
const MIB = 1024 * KIB;

export const documentLimits: DocumentLimits = {
  updateBytesMax: 8 * MIB,
  structsPerUpdateMax: 250_000,
  deletesPerUpdateMax: 250_000,
  clientsPerUpdateMax: 10_000,
  valuesPerUpdateMax: 1_000_000,
  rootsMax: 10_000,
  subdocumentsMax: 5_000,
  nameBytesMax: 8 * KIB,
  nestingMax: 100,
  insertionStepsMax: 100_000,
  insertionStepsPerStructMax: 20,
  structsMax: 1_000_000,
  clientsMax: 50_000,
  typeNestingMax: 200,
  workMsFree: 5,
  connectionWorkMsMax: 1_000,
  documentWorkMsMax: 3_000,
  workWindowMs: 10_000,
  awarenessStateBytesMax: 16 * KIB,
  awarenessMessageBytesMax: MIB,
  awarenessClientsMax: 1_000,
  awarenessClientsPerConnectionMax: 16,
  awarenessNewsPerSecondMax: 100,
};

/** Clocks of Yjs stay below, and what other implementations hold in 32 bits. */
export const CLOCK_MAX = 2 ** 32 - 1;
