"""Options of the commands that can ask the gateway of another machine instead of the services here."""

from __future__ import annotations

from typing import Annotated

import typer

GatewayUrl = Annotated[
    str, typer.Option("--url", help="Ask the gateway of another machine, such as http://plant-server:8000")
]
GatewayUser = Annotated[str, typer.Option("--user", help="With --url: e-mail of an account there")]
