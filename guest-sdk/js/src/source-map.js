// Reads the mappings of a source map: lines apart by `;`, segments by `,`, each of which holds numbers in
// base 64, as differences to the segment before.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function numbersOf(segment) {
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
    } else {
      numbers.push(value & 1 ? -(value >> 1) : value >> 1);
      value = shift = 0;
    }
  }
  return numbers;
}

/** Returns row and column, from 1, of where a position in generated code comes from. */
export function originalPosition(mappings, row, column) {
  let originalRow = 0;
  let originalColumn = 0;
  let found;
  for (const [index, line] of mappings.split(";").entries()) {
    if (index >= row) break;
    let generatedColumn = 0;
    for (const segment of line.split(",")) {
      const [columns, , rows, originalColumns] = numbersOf(segment);
      if (rows === undefined) continue;
      generatedColumn += columns;
      originalRow += rows;
      originalColumn += originalColumns;
      const isBefore = index < row - 1 || generatedColumn < column || found === undefined;
      if (isBefore) found = [originalRow + 1, originalColumn + 1];
    }
  }
  return found ?? [row, column];
}
