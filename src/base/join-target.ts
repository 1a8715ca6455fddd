/** Where to look for other replicas. */

/** Where to look for the other replicas. Read again and again, so that a replica started alone finds the rest later. */
export type JoinTarget =
  | { readonly type: "address"; readonly host: string; readonly port: number }
  /** A, AAAA or SRV records of `name`; records without a port are dialled at `port`. */
  | { readonly type: "dns"; readonly name: string; readonly port: number }
  /** One `host:port` a line. */
  | { readonly type: "file"; readonly path: string };
