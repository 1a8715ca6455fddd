/** The body of an answer that is sent as it is made, no faster than it is taken. */

import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AtollError, toAtollError } from "../../base/errors.ts";

/** What is made before it is taken. */
const AHEAD_BYTES = 256 * 1024;

/** Whatever fails on the way is not to look as if it were whole: the connection is cut. Of a reader that left nothing is told. */
export function sendStream(
  response: ServerResponse,
  stream: AsyncIterable<Uint8Array>,
  failed: (error: AtollError) => void,
): void {
  const { socket } = response;
  pipeline(Readable.from(stream, { objectMode: false, highWaterMark: AHEAD_BYTES }), response).then(
    () => socket?.setTimeout(0),
    (thrown: unknown) => {
      const hasLeft = thrown instanceof Error && "code" in thrown && thrown.code === "ERR_STREAM_PREMATURE_CLOSE";
      if (!hasLeft) failed(toAtollError(thrown));
    },
  );
}
