/** What is known of a connection from its beginning. */

export interface ConnectionFacts {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
}
