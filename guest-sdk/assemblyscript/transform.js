/**
 * Does to a module what AssemblyScript has no words for: gives what `exports.ts` exports the names
 * of the contract, and keeps the author's own functions apart, so that call stacks show them.
 */

const WORKFLOWS = "reweft:workflow/workflows@0.1.0";
const ACTIVITIES = "reweft:workflow/activities@0.1.0";

const NAMES = {
  workflowNames: `${WORKFLOWS}#names`,
  runWorkflow: `${WORKFLOWS}#run`,
  activityNames: `${ACTIVITIES}#names`,
  executeActivity: `${ACTIVITIES}#execute`,
  allocate: "cabi_realloc",
};

export default class Contract {
  /** Is called by the compiler once the module is there, and before it is optimized. */
  afterCompile(module) {
    for (const [name, contractName] of Object.entries(NAMES)) {
      const found = module.getExport(name);
      if (found) {
        const { value } = this.binaryen.getExportInfo(found);
        module.removeExport(name);
        module.addFunctionExport(value, contractName);
      }
    }
    for (let index = 0; index < module.getNumFunctions(); index++) {
      const { name } = this.binaryen.getFunctionInfo(module.getFunctionByIndex(index));
      // What comes from packages and from the compiler itself may be inlined.
      if (!name.includes("~lib/") && !name.startsWith("~")) {
        this.binaryen.setPassArgument("no-inline", name);
        module.runPasses(["no-inline"]);
      }
    }
  }
}
