"""`python -m reweft build PROGRAM -o FILE`: makes a module of a program."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

# What the build tool looks into for the exports: the program, and what leads to its functions.
_ENTRY = """import {program}
from reweft._module import Activities, Workflows
"""


def build(program: str, output: Path, paths: list[Path]) -> int:
    """Makes a module of the program of this name, which is found in one of the paths."""
    package = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        entry = Path(folder) / "reweft_entry.py"
        entry.write_text(_ENTRY.format(program=program), encoding="utf-8")
        command = [sys.executable, "-c", "import componentize_py; componentize_py.script()"]
        command += ["-q", "-d", str(package / "wit"), "-w", "combined-module"]
        command += ["componentize", "reweft_entry", "-o", str(output.resolve())]
        for path in [Path(folder), *paths, package.parent]:
            command += ["-p", str(path.resolve())]
        return subprocess.run(command, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reweft", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("build", help="make a module of a program")
    command.add_argument("program", help="the name by which Python imports it, such as orders")
    command.add_argument("-o", "--output", type=Path, help="where to put the module")
    command.add_argument(
        "-p",
        "--path",
        type=Path,
        action="append",
        help="where the program and what it imports are found; the current folder, if absent",
    )
    arguments = parser.parse_args()
    output = arguments.output or Path(f"{arguments.program}.wasm")
    output.parent.mkdir(parents=True, exist_ok=True)
    return build(arguments.program, output, arguments.path or [Path()])


if __name__ == "__main__":
    sys.exit(main())
