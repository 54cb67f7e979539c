#!/usr/bin/env python3
"""The example's reverse proxy as a person runs it: it listens, answers, and ends in good order.

python3 .ci/proxy.py PROGRAM     PROGRAM is the example, built
"""

import http.server
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with the path, and who it came by."""

    def do_GET(self):
        answer = f"{self.path} {self.headers['Via']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def main():
    [program] = sys.argv[1:]
    usage = subprocess.run([program], capture_output=True, text=True, timeout=10)
    assert usage.returncode != 0 and "usage: proxy " in usage.stderr, usage

    server = http.server.HTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    upstream = f"http://127.0.0.1:{server.server_port}"
    command = [program, "127.0.0.1:0", upstream]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            line = proxy.stdout.readline()
            [here] = re.findall(rf"^(http://127\.0\.0\.1:\d+) is {re.escape(upstream)}\n$", line)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{here}/path?q", timeout=10) as answer:
                assert answer.read() == b"/path?q 1.1 unstale-proxy"
            server.shutdown()
            server.server_close()
            try:
                opener.open(here, timeout=10)
                raise AssertionError("nobody is there to answer")
            except urllib.error.HTTPError as error:
                assert error.code == 502, error
            proxy.send_signal(signal.SIGINT)
            rest, _ = proxy.communicate(timeout=10)
            assert proxy.returncode == 0 and "1  connections opened" in rest, rest
        finally:
            proxy.kill()
    print("the proxy answered, and ended")


if __name__ == "__main__":
    main()
