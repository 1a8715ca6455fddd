/** Numbers in the fields of hashes that are added to: every addition counts once (`core/containers/counted-members.ts`); a field keeps its end. */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import { addLongDoubles, inDecimal } from "../../base/long-double.ts";
import { bulkReply, integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { fractionOfText, wholeAmount } from "../../core/record/amount.ts";
import { sumOfIntegers } from "../strings/increments.ts";
import { CommandError, NOT_A_FLOAT } from "../words/command-error.ts";
import { expectInteger, integerOf } from "../words/number-text.ts";
import { keyOf, textOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

export function hincrby(workspace: Workspace, words: CommandWords): Reply {
  const [key, name] = [keyOf(words, 1), textOf(words, 2)];
  const by = expectInteger(words[3]);
  const value = workspace.collections.valueOf(key, "hash", name);
  const before = value === undefined ? 0 : integerOf(value);
  if (before === undefined) throw new CommandError("ERR hash value is not an integer");
  const after = sumOfIntegers(before, by);
  workspace.collections.add(key, "hash", name, wholeAmount(by));
  return integerReply(after);
}

export function hincrbyfloat(workspace: Workspace, words: CommandWords): Reply {
  const by = inDecimal(textOf(words, 3));
  const asked = addLongDoubles("0", by);
  if (asked === "bad") throw new CommandError(NOT_A_FLOAT);
  if (asked === "infinite") throw new CommandError("ERR value is NaN or Infinity");
  const [key, name] = [keyOf(words, 1), textOf(words, 2)];
  const value = workspace.collections.valueOf(key, "hash", name);
  const before = value === undefined ? "0" : latin1FromBytes(value);
  const sum = addLongDoubles(before, by);
  if (sum === "bad") throw new CommandError("ERR hash value is not a float");
  if (sum === "infinite") throw new CommandError("ERR increment would produce NaN or Infinity");
  const amount = fractionOfText(by);
  if (amount === undefined) throw new CommandError(NOT_A_FLOAT);
  workspace.collections.add(key, "hash", name, amount);
  return bulkReply(workspace.collections.valueOf(key, "hash", name)?.slice() ?? bytesFromLatin1(sum));
}
