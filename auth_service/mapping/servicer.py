"""The MappingService: profiles and the blueprint, and who may call what of it."""

from __future__ import annotations

from typing import Final

from auth_service.mapping.servicer_blueprint import BlueprintMethods
from auth_service.mapping.servicer_profiles import ProfileMethods
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
    "ListProfiles",
    "GetProfile",
    "ProfileRevisions",
    "ExportProfiles",
    "PreviewOutputProfile",
    "NodeTypes",
    "CheckGraph",
    "GetWrapper",
)


class MappingServicer(ProfileMethods, BlueprintMethods, documents_pb2_grpc.MappingServiceServicer):
    """Translates between messages and the modules that do the work.

    Args:
        here: database, audit log and the like.
    """

    def __init__(self, here: Surroundings) -> None:
        self._here = here

    def service(self) -> Service:
        """The service to register in the server of auth_service."""
        return Service(
            descriptor=documents_pb2.DESCRIPTOR.services_by_name["MappingService"],
            add=documents_pb2_grpc.add_MappingServiceServicer_to_server,
            servicer=self,
            access={**dict.fromkeys(USER_METHODS, Access.USER), **dict.fromkeys(ADMIN_METHODS, Access.ADMIN)},
        )
