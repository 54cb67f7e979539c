#!/usr/bin/env python3
"""A new user's path: each program of README.md in an empty project, with the dependencies that README.md names for it.

python3 .ci/new_user.py FOLDER     FOLDER/unstale is the package, unpacked; the projects are made beside it

The crate is taken as it is packaged, so that what a user gets is what is built. Whatever the README links to must be in it.
Each program is run, with a server of this machine in the place of example.com, which closes every connection after its answer and does
not say so. Then the example of that way in takes its place, in the same project: there one sees it work.
"""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")
# By the order of the ways in: what the README's program prints, by line; the example, and what it prints.
WAYS = [
    (["200 OK", "ok", "200 OK"], "client", "1  connections found dead when a request wanted them"),
    (["200 OK", "200 OK"], "wrap_hyper_util", "after: 200 OK"),
    (["200 OK", "200 OK"], "reqwest", "after: 200 OK"),
]


class Closing(http.server.BaseHTTPRequestHandler):
    """Answers one request of a connection, and closes it as if it had been idle for too long."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_):
        pass


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


def make(project, dependencies, package):
    """An empty project with these dependencies."""
    subprocess.run(["cargo", "new", "--quiet", "--vcs", "none", str(project)], check=True)
    manifest = project / "Cargo.toml"
    head = manifest.read_text().split("[dependencies]")[0]
    patch = f'\n[patch.crates-io]\nunstale = {{ path = "{package}" }}\n'
    manifest.write_text(head + dependencies + patch)
    # What this repository is tested with, and not what was published since.
    shutil.copy(package / "Cargo.lock", project / "Cargo.lock")


def run(project):
    """Builds the project, runs it, and returns what it printed."""
    subprocess.run(["cargo", "build", "--quiet"], cwd=project, check=True)
    # The way out of this machine that the environment may name is none to the servers here.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    ran = subprocess.run(["cargo", "run", "--quiet"], cwd=project, env=environment, capture_output=True, text=True, timeout=60)
    print(ran.stdout)
    if ran.returncode != 0:
        sys.exit(f"{project.name} failed: {ran.stderr}")
    return ran.stdout


def see_it_work(project, name, expected, package):
    shutil.copy(package / f"examples/{name}.rs", project / "src/main.rs")
    shutil.copytree(package / "examples/tiny_server", project / "src/tiny_server")
    printed = run(project)
    if expected not in printed:
        sys.exit(f"examples/{name}.rs does not print: {expected}")


def main():
    folder = Path(sys.argv[1]).resolve()
    package = folder / "unstale"
    readme = (package / "README.md").read_text()
    missing = [link for link in LINK.findall(readme) if not (package / link).exists()]
    if missing:
        sys.exit(f"README.md links to what is not in the package: {', '.join(missing)}")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    found = list(programs(readme))
    if len(found) != len(WAYS):
        sys.exit(f"README.md has {len(found)} program(s), not one for each way in")
    for (dependencies, source), (lines, name, expected) in zip(found, WAYS):
        project = folder / f"new_{name}"
        make(project, dependencies, package)
        source = re.sub(r"https?://example\.com", here, source)
        (project / "src/main.rs").write_text(source)
        printed = run(project).splitlines()
        if printed[: len(lines)] != lines:
            sys.exit(f"the program of README.md for {name} does not print: {lines}")
        see_it_work(project, name, expected, package)
    print(f"{len(found)} programs of README.md were built and run, and an example in the place of each")


if __name__ == "__main__":
    main()
