"""Makes a module of a program: `python -m reweft build PROGRAM`."""

import argparse
import sys
import tempfile
from pathlib import Path

# What the build tool looks into for the exports: the program, and what leads to its functions. It
# runs once, during the build, and leaves nothing beside the program.
_ENTRY = """\
import sys
sys.dont_write_bytecode = True
import {program}
from reweft._module import Activities, Workflows, prepare
prepare()
"""


def build(program: str, output: Path, paths: list[Path]) -> None:
    """Makes a module of the program of this name, which is found in one of the paths."""
    try:
        import componentize_py
    except ImportError:
        sys.exit(
            "there is no componentize-py to build with: see `build` in reweft's pyproject.toml"
        )
    package = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        entry = Path(folder) / "reweft_entry.py"
        entry.write_text(_ENTRY.format(program=program), encoding="utf-8")
        command = ["componentize-py", "-q", "-d", str(package / "wit"), "-w", "combined-module"]
        command += ["componentize", entry.stem, "-o", str(output)]
        for path in [entry.parent, *paths, package.parent]:
            command += ["-p", str(path)]
        sys.argv = command
        try:
            componentize_py.script()
        except AssertionError as error:
            # The traceback of the program; what follows is about the tool.
            sys.exit(str(error).partition("\n\nCaused by:")[0])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reweft", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("build", help="make a module of a program")
    command.add_argument("program", help="the name by which Python imports it, such as orders")
    command.add_argument(
        "-o", "--output", type=Path, help="where to put the module; PROGRAM.wasm, if absent"
    )
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
    build(arguments.program, output, arguments.path or [Path()])


if __name__ == "__main__":
    main()
