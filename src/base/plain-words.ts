/** A key, and a value where there is one, as they lie in what a client sent. Whoever has them changes them with each command. */
export interface PlainWords {
  readonly bytes: DataView;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}
