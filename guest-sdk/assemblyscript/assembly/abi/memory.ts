/**
 * Owns how values get through the memory that guest and host share: the canonical ABI of
 * WebAssembly's component model.
 */

import { Failure } from "../failure";

/** Gives the host memory for what it passes in. Whoever reads that frees it. */
export function allocate(at: usize, oldSize: usize, alignment: usize, size: usize): usize {
  // Every block begins at a multiple of 16, which is more than anything here is aligned to.
  if (at != 0 && oldSize != 0) return heap.realloc(at, size);
  return size == 0 ? alignment : heap.alloc(size);
}

// A text may have half a surrogate pair, for which UTF-8 has no words.
const REPLACE = String.UTF8.ErrorMode.REPLACE;

/** A text for the host, in memory for as long as this object is in use. */
export class Utf8 {
  private buffer: ArrayBuffer;

  constructor(text: string) {
    this.buffer = String.UTF8.encode(text, false, REPLACE);
  }

  get at(): usize {
    return changetype<usize>(this.buffer);
  }

  get length(): usize {
    return this.buffer.byteLength;
  }
}

/** Takes a text that the host has passed in. */
export function takeString(at: usize, length: usize): string {
  if (length == 0) return "";
  const text = String.UTF8.decodeUnsafe(at, length);
  heap.free(at);
  return text;
}

/** Takes the text whose address and length are here. */
export function takeStringFrom(place: usize): string {
  return takeString(load<usize>(place), load<usize>(place, 4));
}

/** Takes the text that may be here: a byte that says whether, its address, its length. */
export function takeOptionalStringFrom(place: usize): string | null {
  return load<u8>(place) == 0 ? null : takeStringFrom(place + 4);
}

/** Takes the record `failure` that is here. */
export function takeFailureFrom(place: usize): Failure {
  return new Failure(
    takeStringFrom(place),
    takeStringFrom(place + 8),
    takeOptionalStringFrom(place + 16),
    load<u8>(place, 28) != 0,
  );
}

/** Leaves a text for the host for good, its address and length in this place. */
export function leaveString(text: string, place: usize): void {
  const length = <usize>String.UTF8.byteLength(text);
  const at = allocate(0, 0, 1, length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at, false, REPLACE);
  store<usize>(place, at);
  store<usize>(place, length, 4);
}

/** Leaves a list of texts for the host for good, its address and length in this place. */
export function leaveStrings(texts: string[], place: usize): void {
  const at = allocate(0, 0, 4, 8 * <usize>texts.length);
  for (let index = 0; index < texts.length; index++) leaveString(texts[index], at + 8 * index);
  store<usize>(place, at);
  store<usize>(place, <usize>texts.length, 4);
}
