"""Does this machine's clock agree with the registry's? The brokers' own cannot be asked for.

A message carries the time of sending, and a broker refuses one more than an hour ahead of its own
clock (Kafka's default of `message.timestamp.after.max.ms`, 3,600,000).
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from freezer_events.doctor.verdicts import Check
from freezer_events.errors import ConfigError, UnreachableError
from freezer_events.kafka import handshake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.config import Settings

TIMEOUT_S: Final = 5.0
_WORTH_SAYING_S: Final = 30
_REFUSED_S: Final = 3600
_FIX: Final = "set the clock: timedatectl set-ntp true (or your system's time service)"


def clock(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Compare with the Date header of the registry's answer.

    Raises:
        ConfigError: brokers would refuse what is sent now.
        UnreachableError: the registry does not answer.

    """
    url = (settings.schema_registry_url or "").split(",")[0].strip()
    if url.startswith("mock://"):
        return Check.skip("clock", "the in-process registry has no clock of its own")
    before = time.time()
    date = _date(url, settings.registry(), timeout_s)
    here = (before + time.time()) / 2
    if date is None:
        return Check.skip("clock", "the registry's answer carries no date")
    return judge(here - date)


def judge(ahead_s: float) -> Check:
    """Judge by how many seconds this machine is ahead of the registry; HTTP's are whole ones.

    Raises:
        ConfigError: by more than an hour.

    """
    skew_s = round(abs(ahead_s))
    where = f"this machine is {skew_s:,} s {'ahead of' if ahead_s > 0 else 'behind'} the registry"
    if ahead_s > _REFUSED_S:
        why = f"{where}: brokers refuse records more than an hour ahead"
        raise ConfigError("", why, _FIX)
    if abs(ahead_s) > _WORTH_SAYING_S:
        return Check.warn("clock", where, _FIX)
    return Check.ok("clock", f"within {max(skew_s, 1)} s of the registry's")


def _date(url: str, conf: Mapping[str, Any], timeout_s: float) -> float | None:
    import requests  # noqa: PLC0415 - slow to import
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - the same

    trust = handshake.context(conf)

    class _Ours(HTTPAdapter):
        """Shows our certificate: `requests` itself has no way to give the password of a key."""

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, ssl_context=trust, **options)

        def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
            return super().proxy_manager_for(*args, ssl_context=trust, **options)

    try:
        # Only the headers are read: any status carries the date.
        with requests.Session() as session:
            session.mount("https://", _Ours())
            with session.get(
                url,
                timeout=timeout_s,
                # By its path: some releases replace the context where it is True.
                verify=conf.get("ssl.ca.location") or requests.utils.DEFAULT_CA_BUNDLE_PATH,
                stream=True,
                allow_redirects=False,
                headers={"Cache-Control": "no-cache"},
            ) as answer:
                text = answer.headers.get("Date")
    except requests.RequestException as error:
        why = f"the registry does not answer: {type(error).__name__}"
        raise UnreachableError("", why, "check SCHEMA_REGISTRY_URL, then try again") from error
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
