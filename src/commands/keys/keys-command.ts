/** `KEYS`: all keys that are like a pattern, in one answer. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { isMatch, literalPrefix } from "../../base/glob.ts";
import { arrayReply, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError } from "../words/command-error.ts";
import { wordOf } from "../words/words.ts";
import { SCAN_START } from "../workspace/workspace.ts";

/** Of a turn. */
const PAGE_KEYS = 10_000;
/** More are an error, and so are those for which there is no room among the long answers. */
const KEYS_MAX = 1_000_000;
/** What it takes to give a key back, beside its bytes. */
const ANSWER_OVERHEAD = 128;

export function keys(words: CommandWords): Turn {
  const pattern = latin1FromBytes(wordOf(words, 1));
  const prefix = literalPrefix(pattern);
  const found: Reply[] = [];
  let place = SCAN_START;
  return (workspace) => {
    const page = workspace.scan(place, { prefix, count: PAGE_KEYS });
    const like = page.keys.filter((key) => isMatch(pattern, key) && workspace.typeOf(key) !== undefined);
    if (found.length + like.length > KEYS_MAX)
      throw new CommandError(`ERR KEYS answers with at most ${KEYS_MAX} keys, SCAN with all there are`);
    workspace.takeRoom(like.reduce((sum, key) => sum + key.length + ANSWER_OVERHEAD, 0));
    for (const key of like) found.push(textReply(key));
    if (page.next === undefined) return arrayReply(found);
    place = page.next;
    return undefined;
  };
}
