"""The DocumentsService as the program of auth_service serves it."""

from __future__ import annotations

from typing import Final

from auth_service.documents_servicer import DocumentsServicer
from auth_service.store.surroundings import Surroundings
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.documents.v1 import documents_pb2, documents_pb2_grpc

ADMIN_METHODS: Final = (
    "SaveProfile",
    "DeleteProfile",
    "ActivateProfile",
    "RevertProfile",
    "ImportProfiles",
    "CheckInputProfile",
    "InputProfileEffects",
)

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
    "CreateRslGroup",
    "ListRslGroups",
    "GetRslGroup",
    "UpdateRslGroup",
    "DeleteRslGroup",
    "AddRslStep",
    "UpdateRslStep",
    "DeleteRslStep",
    "AddRslRule",
    "DeleteRslRule",
    "ValidateRslGroup",
    "ReleaseRslGroup",
    "RetractRslGroup",
    "ExportRslGroups",
    "ImportRslGroups",
    "SaveCandidate",
    "ListProfiles",
    "GetProfile",
    "ProfileRevisions",
    "ExportProfiles",
    "PreviewOutputProfile",
    "NodeTypes",
    "CheckGraph",
    "GetWrapper",
)


def documents_service(here: Surroundings) -> Service:
    """The service to register in the server of auth_service."""
    return Service(
        descriptor=documents_pb2.DESCRIPTOR.services_by_name["DocumentsService"],
        add=documents_pb2_grpc.add_DocumentsServiceServicer_to_server,
        servicer=DocumentsServicer(here),
        access={
            **dict.fromkeys(USER_METHODS, Access.USER),
            **dict.fromkeys(ADMIN_METHODS, Access.ADMIN),
            "PlannerExamples": Access.SERVICE,
        },
    )
