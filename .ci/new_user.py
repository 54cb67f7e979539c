#!/usr/bin/env python3
"""A new user's path: each program of README.md in an empty project, with the dependencies that README.md names for it.

python3 .ci/new_user.py FOLDER     FOLDER/unstale is the package, unpacked; the projects are made beside it

The crate is taken as it is packaged, so that what a user gets is what is built. Whatever the README links to must be in it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def programs(readme):
    """Yields (dependencies, source): each program, with the last dependencies that stand before it."""
    dependencies = None
    for info, text in FENCE.findall(readme):
        if info == "toml":
            dependencies = text
        elif info.startswith("rust") and "fn main()" in text:
            if dependencies is None:
                sys.exit("README.md names no dependencies before its first program")
            yield dependencies, text


def build(project, dependencies, source, package):
    subprocess.run(["cargo", "new", "--quiet", "--vcs", "none", str(project)], check=True)
    manifest = project / "Cargo.toml"
    head = manifest.read_text().split("[dependencies]")[0]
    patch = f'\n[patch.crates-io]\nunstale = {{ path = "{package}" }}\n'
    manifest.write_text(head + dependencies + patch)
    (project / "src/main.rs").write_text(source)
    # What this repository is tested with, and not what was published since.
    shutil.copy(package / "Cargo.lock", project / "Cargo.lock")
    subprocess.run(["cargo", "build", "--quiet"], cwd=project, check=True)


def main():
    folder = Path(sys.argv[1]).resolve()
    package = folder / "unstale"
    readme = (package / "README.md").read_text()
    missing = [link for link in LINK.findall(readme) if not (package / link).exists()]
    if missing:
        sys.exit(f"README.md links to what is not in the package: {', '.join(missing)}")
    count = 0
    for count, (dependencies, source) in enumerate(programs(readme), start=1):
        build(folder / f"program{count}", dependencies, source, package)
    if count < 2:
        sys.exit(f"README.md has {count} program(s), not one for each way in")
    print(f"{count} programs of README.md were built")


if __name__ == "__main__":
    main()
