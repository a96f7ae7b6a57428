// What is evaluated after a program: whether it can be one.

import { closeDefinitions } from "./definitions.js";
import { leftAlone } from "./loop.js";

const failed = leftAlone();
if (failed) throw failed.error;
closeDefinitions();
