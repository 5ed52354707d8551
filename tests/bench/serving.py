# SPDX-License-Identifier: Apache-2.0
"""A demo's folder, served again with other settings: for measurements."""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request

from bench_download import family, start_gateway


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def postgres_of(demo_process):
    """The words of the server's own start."""
    for pid in family(demo_process.pid):
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        if words and words[0].endswith(b"postgres") and b"-D" in words:
            return [word.decode() for word in words], os.stat(f"/proc/{pid}")
    sys.exit("the demo has no PostgreSQL")


def is_ready(demo):
    context = ssl.create_default_context(cafile=demo["ca"])
    try:
        with urllib.request.urlopen(demo["url"] + "/readyz", context=context) as answer:
            return answer.status == 200
    except OSError:
        return False


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    process.wait()


def serve(build, root, settings, programs=None):
    """The description, and what to stop: the gateway (of `programs`, if they are others than those
    that made the demo), then the database (SIGINT)."""
    first, demo = start_gateway(build, root, free_port())
    words, owner = postgres_of(first)
    stop(first)
    config = pathlib.Path(demo["config"])
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    config.write_text(config.read_text().replace("[gateway]\n", f"[gateway]\n{lines}", 1))
    identity = {"user": owner.st_uid, "group": owner.st_gid} if os.getuid() == 0 else {}
    database = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                cwd="/", **identity)
    gateway = subprocess.Popen([f"{programs or build}/bin/sallyport", "serve", "--config",
                                demo["config"]], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    for _ in range(600):
        if is_ready(demo):
            return demo, gateway, database
        time.sleep(0.1)
    sys.exit("the gateway does not serve")
