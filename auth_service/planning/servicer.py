"""The PlanningService: what planners keep, and who may call what of it."""

from __future__ import annotations

from typing import Final

from auth_service.planning.servicer_candidates import CandidateMethods
from auth_service.planning.servicer_proposals import ProposalMethods
from auth_service.planning.servicer_routing_groups import RoutingGroupMethods
from auth_service.store.surroundings import Surroundings
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.documents.v1 import documents_pb2, documents_pb2_grpc

USER_METHODS: Final = (
    "GetWorkspace",
    "PutWorkspace",
    "CreateRoutingGroup",
    "ListRoutingGroups",
    "GetRoutingGroup",
    "UpdateRoutingGroup",
    "DeleteRoutingGroup",
    "SaveRoutingSnapshots",
    "ListProposalReviews",
    "ProposalReport",
    "SaveCandidate",
)


class PlanningServicer(
    RoutingGroupMethods, ProposalMethods, CandidateMethods, documents_pb2_grpc.PlanningServiceServicer
):
    """Translates between messages and the modules that do the work.

    Args:
        here: database, audit log and the like.
    """

    def __init__(self, here: Surroundings) -> None:
        self._here = here

    def service(self) -> Service:
        """The service to register in the server of auth_service."""
        return Service(
            descriptor=documents_pb2.DESCRIPTOR.services_by_name["PlanningService"],
            add=documents_pb2_grpc.add_PlanningServiceServicer_to_server,
            servicer=self,
            access={**dict.fromkeys(USER_METHODS, Access.USER), "PlannerExamples": Access.SERVICE},
        )
