/** What a connection wants of its socket. */
export interface ConnectionOutput {
  /** Takes what is to be sent. What is not `unsent` afterwards it does not look at any more. */
  write(pieces: readonly Uint8Array[]): void;
  /** Bytes that were written and not taken yet. */
  unsent(): number;
  /** No more is to be read until `resume`. */
  pause(): void;
  resume(): void;
  /** Nothing more is written; what was, is sent first. */
  end(): void;
  /** Bytes that went either way. */
  traffic(): number;
  destroy(): void;
}
