import { JsonFields } from "./fields";

/** A number or a boolean that may be null, which AssemblyScript has for objects only. */
export class Box<T> {
  constructor(
    /** What is in it. */
    public value: T = <T>0,
  ) {}

  /** In JSON it is what is in it. */
  fields(json: JsonFields): void {
    this.value = json.itself<T>(this.value);
  }
}
