import { JsonFields } from "./fields";
import { Json } from "./json";
import { TextBuilder } from "./text-builder";

/**
 * Appends the JSON text of a value. A class has to have a method `fields(json: JsonFields)`.
 */
export function write<T>(value: T, to: TextBuilder): void {
  if (isBoolean<T>()) {
    to.append(value ? "true" : "false");
  } else if (isFloat<T>()) {
    to.append(floatText(<f64>value));
  } else if (isInteger<T>()) {
    to.append(value.toString());
  } else if (isNullable<T>()) {
    if (value === null) to.append("null");
    else write<NonNullable<T>>(value, to);
  } else if (isString<T>()) {
    writeString(value, to);
  } else if (isArray<T>()) {
    to.append("[");
    for (let index = 0; index < value.length; index++) {
      if (index > 0) to.append(",");
      write<valueof<T>>(value[index], to);
    }
    to.append("]");
  } else if (idof<T>() == idof<Json>()) {
    changetype<Json>(value).writeTo(to);
  } else {
    const fields = JsonFields.toWrite(to);
    value.fields(fields);
    fields.finish();
  }
}

/** JSON has no words for what is not finite. */
function floatText(value: f64): string {
  if (!isFinite(value)) return "null";
  const text = value.toString();
  return text.endsWith(".0") ? text.substring(0, text.length - 2) : text;
}

/** Appends a string with its quotation marks. */
export function writeString(text: string, to: TextBuilder): void {
  to.append("\"");
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code != 0x22 && code != 0x5c) continue; // " \
    to.append(text, begin, at);
    to.append(escape(code));
    begin = at + 1;
  }
  to.append(text, begin);
  to.append("\"");
}

function escape(code: i32): string {
  switch (code) {
    case 0x22: return "\\\"";
    case 0x5c: return "\\\\";
    case 0x08: return "\\b";
    case 0x0c: return "\\f";
    case 0x0a: return "\\n";
    case 0x0d: return "\\r";
    case 0x09: return "\\t";
  }
  return "\\u" + code.toString(16).padStart(4, "0");
}
