"""Every route for administrators, whichever area has it, is closed to everybody else before a byte of the body is read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from common.rpc.interceptor import Access
from gateway.guarded_routes import OpenRoute
from gateway.routes import AREAS


def routes(access: Access) -> list[tuple[str, str]]:
    """Method and path of each route that needs this access, with something in place of every parameter."""
    found = []
    for area in AREAS:
        for router in area.routers():
            for route in router.routes:
                if isinstance(route, APIRoute) and isinstance(route, OpenRoute) and route.access is access:
                    path = re.sub(r"\{kind\}", "input", route.path)
                    found += [(method, re.sub(r"\{[^}]+\}", "1", path)) for method in sorted(route.methods or ())]
    return found


def test_there_are_routes_for_administrators_in_most_areas() -> None:
    areas = {path.split("/")[2] for _method, path in routes(Access.ADMIN)}
    assert {"auth", "trainer", "workflow", "mapping", "audit"} <= areas


@pytest.mark.parametrize(("method", "path"), routes(Access.ADMIN))
def test_a_route_for_administrators_is_closed_to_users_and_to_nobody(plant: Any, method: str, path: str) -> None:
    for role, status in (("user", 403), ("", 401)):
        answer = plant.client(role).request(method, path, content=b"{not read")
        assert answer.status_code == status
        assert isinstance(answer.json()["detail"], str)
    assert not plant.script.asked


@pytest.mark.parametrize(("method", "path"), routes(Access.USER))
def test_a_route_for_people_who_are_logged_in_is_closed_to_nobody(plant: Any, method: str, path: str) -> None:
    assert plant.client("").request(method, path, content=b"{not read").status_code == 401
    assert not plant.script.asked
