"""The DocumentsService: every area's methods together."""

from __future__ import annotations

from auth_service.documents.servicer_blueprint import BlueprintMethods
from auth_service.documents.servicer_candidates import CandidateMethods
from auth_service.documents.servicer_profiles import ProfileMethods
from auth_service.documents.servicer_proposals import ProposalMethods
from auth_service.documents.servicer_routing_groups import RoutingGroupMethods
from auth_service.documents.servicer_rsl import RslMethods
from auth_service.documents.surroundings import Surroundings
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
