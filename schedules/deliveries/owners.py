"""Who answers for a workspace: its administrators, as far as they have a mail address."""

from uuid import UUID

from schedules.models import Membership, Role


def addresses_of_owners(workspace_id: UUID) -> list[str]:
    """Their addresses, each once."""
    members = Membership.objects.filter(workspace=workspace_id, role=Role.ADMINISTRATOR, user__is_active=True)
    return sorted(set(members.exclude(user__email="").values_list("user__email", flat=True)))


def has_owner_with_address(workspace_id: UUID) -> bool:
    """Whether a mail to them would reach anybody."""
    return bool(addresses_of_owners(workspace_id))
