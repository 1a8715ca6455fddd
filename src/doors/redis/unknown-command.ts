/** What is said of a command that nobody knows, as much of it as can be shown. */

import { shownText } from "../../base/shown-text.ts";
import { errorReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";

const SHOWN_MAX = 128;

export function shownName(words: CommandWords): string {
  return shownText(words[0], SHOWN_MAX);
}

export function unknownCommand(words: CommandWords): Reply {
  let args = "";
  for (let at = 1; at < words.length && args.length < SHOWN_MAX; at++) {
    args += `'${shownText(words[at], SHOWN_MAX - args.length)}' `;
  }
  return errorReply(`ERR unknown command '${shownName(words)}', with args beginning with: ${args}`);
}
