// What an activity may ask of the host.

import { activityInfo, heartbeat, lastProgress } from "reweft:host";
import { levels } from "./log.js";
import { decode, encode } from "./payload.js";

export class ActivityContext {
  #info = activityInfo();

  get info() {
    return { ...this.#info, deadline: new Date(this.#info.deadline) };
  }

  get instanceId() {
    return this.#info.instanceId;
  }

  get activityName() {
    return this.#info.activityName;
  }

  get attempt() {
    return this.#info.attempt;
  }

  get idempotencyKey() {
    return this.#info.idempotencyKey;
  }

  get deadline() {
    return new Date(this.#info.deadline);
  }

  get log() {
    return levels;
  }

  heartbeat(progress) {
    return heartbeat(encode(progress));
  }

  lastProgress() {
    const progress = lastProgress();
    return progress === undefined ? undefined : decode(progress, "invalid-progress", "the last progress");
  }
}
