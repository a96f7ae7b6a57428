// What a workflow may ask of the host.

import * as host from "reweft:host";
import { nameOf } from "./definitions.js";
import { TimeoutError } from "./failure.js";
import { levels } from "./log.js";
import { decode, encode, milliseconds, optionalMilliseconds, retryPolicy } from "./payload.js";
import { Task } from "./task.js";

const readOutput = (what) => (text) => decode(text, "invalid-output", `the output of ${what}`);

export class Context {
  #info = host.workflowInfo();

  get info() {
    const { replaying, startedAt, ...info } = this.#info;
    return { ...info, startedAt: new Date(startedAt) };
  }

  get instanceId() {
    return this.#info.instanceId;
  }

  get isReplaying() {
    return host.workflowInfo().replaying;
  }

  get now() {
    return new Date();
  }

  get log() {
    return levels;
  }

  activity(activity, input, { retry, timeout, heartbeatTimeout, signal } = {}) {
    const name = nameOf("an activity", activity);
    const handle = host.callActivity(
      name,
      encode(input),
      retryPolicy(retry),
      optionalMilliseconds("timeout", timeout),
      optionalMilliseconds("heartbeatTimeout", heartbeatTimeout),
    );
    return Task.of(handle, readOutput(`activity "${name}"`), signal);
  }

  child(workflow, input, { instanceId, retry, detached = false, signal } = {}) {
    const name = nameOf("a workflow", workflow);
    const id = instanceId === undefined ? undefined : String(instanceId);
    const handle = host.callWorkflow(name, encode(input), id, retryPolicy(retry), detached);
    return Task.of(handle, readOutput(`workflow "${name}"`), signal);
  }

  event(name, { signal } = {}) {
    const read = (text) => decode(text, "invalid-event", `the payload of event "${name}"`);
    return Task.of(host.waitEvent(String(name)), read, signal);
  }

  raiseEvent(instanceId, name, payload) {
    host.raiseEvent(String(instanceId), String(name), encode(payload));
  }

  sleep(ms, { signal } = {}) {
    return Task.of(host.startTimer(milliseconds("a sleep", ms)), () => undefined, signal);
  }

  timeout(ms, promise) {
    const timer = this.sleep(ms);
    return new Promise((resolve, reject) => {
      timer.then(
        () => {
          promise.cancel?.();
          reject(new TimeoutError(`it took longer than ${ms} ms`));
        },
        () => {},
      );
      const ended = (settle) => (value) => {
        timer.cancel();
        settle(value);
      };
      Promise.resolve(promise).then(ended(resolve), ended(reject));
    });
  }

  random() {
    return host.randomNumber();
  }

  uuid() {
    return crypto.randomUUID();
  }

  setCustomStatus(status) {
    host.setCustomStatus(String(status));
  }

  continueAsNew(input, { keepUnreadEvents = false } = {}) {
    host.continueAsNew(encode(input), keepUnreadEvents);
  }

  isPatched(patch) {
    return host.isPatched(String(patch));
  }
}
