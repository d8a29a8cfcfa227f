"""`/api/rules/validate`: the active model's rules."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.rules import RuleValidationRequest, RuleValidationResponse
from gateway.state import TheGateway
from gateway.translate.client_operations import plant_rows
from gateway.translate.notices import said_of
from routings.routing_rules import check

area = AreaRouter("/api/rules", "routing-ml")

Details = Annotated[
    bool, Query(description="true: violations also have notice, their code and values, which older clients do not know")
]


@area.user.post("/validate", response_model=RuleValidationResponse)
async def validate_rules(body: RuleValidationRequest, gateway: TheGateway, details: Details = False) -> Response:
    """Checks operations against the rules of the active model's manifest."""
    rules = gateway.plant.manifest.get("rules")
    operations = plant_rows(body.operations, gateway.plant.schema)
    outcome = check(
        rules if isinstance(rules, list) else [], operations, body.rule_ids, gateway.plant.schema.routing.summed
    )
    gateway.last.rules_checked(
        body.item_code, outcome.evaluated, len(outcome.violations), gateway.plant.manifest_revision
    )
    violations: list[dict[str, Any]] = [
        {"rule_id": one.rule_id, "message": one.message, "severity": one.severity} for one in outcome.violations
    ]
    if details:
        violations = [{**one, "notice": said_of(one["message"])} for one in violations]
    return json_answer(
        {
            "item_code": body.item_code,
            "passed": outcome.passed,
            "violations": violations,
            "evaluated_rules": outcome.evaluated,
        }
    )
