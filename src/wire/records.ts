/** Records back to back, as messages carry them: a view into the frame, valid as long as the frame. */

export interface Records {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}
