/**
 * Makes the official shim part of every module, so that `asconfig.json` can put it in the place of
 * what is a browser's: `Date.now()`, `Math.random()`, `console`, `process`. What is not used stays
 * out.
 */

import "@assemblyscript/wasi-shim/assembly/wasi_console";
import "@assemblyscript/wasi-shim/assembly/wasi_crypto";
import "@assemblyscript/wasi-shim/assembly/wasi_date";
import "@assemblyscript/wasi-shim/assembly/wasi_internal";
import "@assemblyscript/wasi-shim/assembly/wasi_performance";
import "@assemblyscript/wasi-shim/assembly/wasi_process";
