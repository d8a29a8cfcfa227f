"""The DocumentsService: every area's methods together."""

from __future__ import annotations

from auth_service.mapping.servicer_blueprint import BlueprintMethods
from auth_service.mapping.servicer_profiles import ProfileMethods
from auth_service.planning.servicer_candidates import CandidateMethods
from auth_service.planning.servicer_proposals import ProposalMethods
from auth_service.planning.servicer_routing_groups import RoutingGroupMethods
from auth_service.rsl.servicer_rsl import RslMethods
from auth_service.store.surroundings import Surroundings
from protos.documents.v1 import documents_pb2_grpc


class DocumentsServicer(
    RoutingGroupMethods,
    ProposalMethods,
    RslMethods,
    CandidateMethods,
    ProfileMethods,
    BlueprintMethods,
    documents_pb2_grpc.DocumentsServiceServicer,
):
    """Translates between messages and the modules that do the work.

    Args:
        here: database, audit log and the like.
    """

    def __init__(self, here: Surroundings) -> None:
        self._here = here
