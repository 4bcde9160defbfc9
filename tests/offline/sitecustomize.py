"""Python runs this file at its start when its folder is on PYTHONPATH: it then refuses the network.

Fashion-MNIST from a system package is refused as well, so that a notebook which passes here passes
on a machine that has nothing but what `make test` installs.
"""

import re
import sys

LOCAL = ("127.", "::1", "localhost")


def refuse(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo" and arguments[0] and not str(arguments[0]).startswith(LOCAL):
        raise OSError(f"this test has no network, and the code asks for {arguments[0]}")
    address = arguments[1] if event == "socket.connect" else None
    if isinstance(address, tuple) and not str(address[0]).startswith(LOCAL):
        raise OSError(f"this test has no network, and the code connects to {address}")
    if event == "open" and re.search(r"(train|t10k)-(images|labels)-idx", str(arguments[0])):
        raise FileNotFoundError(f"this test has no data sets, and the code opens {arguments[0]}")


sys.addaudithook(refuse)
