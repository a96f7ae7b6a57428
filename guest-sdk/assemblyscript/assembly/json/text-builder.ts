/** A text that grows at its end: AssemblyScript's own ways copy all that is there for each part. */
export class TextBuilder {
  private units: StaticArray<u16> = new StaticArray<u16>(128);
  private length: i32 = 0;

  /** Appends some of a text. */
  append(text: string, begin: i32 = 0, end: i32 = text.length): void {
    const added = end - begin;
    if (this.length + added > this.units.length) {
      const units = new StaticArray<u16>(max(this.length + added, 2 * this.units.length));
      memory.copy(changetype<usize>(units), changetype<usize>(this.units), <usize>this.length << 1);
      this.units = units;
    }
    const to = changetype<usize>(this.units) + (<usize>this.length << 1);
    memory.copy(to, changetype<usize>(text) + (<usize>begin << 1), <usize>added << 1);
    this.length += added;
  }

  /** Returns the text. */
  toString(): string {
    return String.UTF16.decodeUnsafe(changetype<usize>(this.units), <usize>this.length << 1);
  }
}
