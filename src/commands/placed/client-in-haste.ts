/** A client that is told at once that there is nothing to take, and is otherwise whom it stands for. */

import type { CommandClient } from "../../command-store.ts";
import type { Dot, Room } from "../../store.ts";

export class ClientInHaste implements CommandClient {
  readonly #client: CommandClient;
  readonly room: Room | undefined;
  readonly carryOut?: NonNullable<CommandClient["carryOut"]>;

  /** `around`: where there is room for what it is answered. */
  constructor(client: CommandClient, around: Pick<CommandClient, "room"> = client) {
    this.#client = client;
    this.room = around.room;
    if (client.carryOut !== undefined) this.carryOut = (words, facts) => client.carryOut?.(words, facts);
  }

  get lastWrite(): CommandClient["lastWrite"] {
    return this.#client.lastWrite;
  }

  set lastWrite(dot) {
    this.#client.lastWrite = dot;
  }

  get written(): CommandClient["written"] {
    return this.#client.written;
  }

  get session(): CommandClient["session"] {
    return this.#client.session;
  }

  get gone(): CommandClient["gone"] {
    return this.#client.gone;
  }

  get refusal(): CommandClient["refusal"] {
    return this.#client.refusal;
  }

  get allowance(): CommandClient["allowance"] {
    return this.#client.allowance;
  }

  expectAnswer(items: number, bytes: number): void {
    this.#client.expectAnswer?.(items, bytes);
  }

  saw(dot: Dot): void {
    this.#client.saw?.(dot);
  }
}
