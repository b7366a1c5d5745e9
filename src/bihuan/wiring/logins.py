"""Wrong passwords: one name from one address is locked early (axes); one address over all names, at a higher count.

The second stops one who tries a few passwords on each of many accounts. An office that shares an address has room.
"""

from __future__ import annotations

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest

# How many wrong tries from one address count like one for a name: 60 over all names lock it, where 10 lock a name.
SHARE = 6


class AddressToo(AxesDatabaseHandler):  # type: ignore[misc]  # axes is not typed
    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        for_name: int = super().get_failures(request, credentials)
        return max(for_name, _failures_from(request) // SHARE)


def _failures_from(request: HttpRequest) -> int:
    """Wrong tries from the address of the request within the cool-off, whatever the name."""
    tried = AccessAttempt.objects.filter(
        ip_address=request.axes_ip_address,  # type: ignore[attr-defined]  # set by axes
        attempt_time__gte=get_cool_off_threshold(request),
    )
    return int(tried.aggregate(wrong=Sum("failures_since_start"))["wrong"] or 0)
