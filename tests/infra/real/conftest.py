r"""Tests against a real `confluent` and a real account: collected only when asked for.

    FREEZER_REAL_CONFLUENT=1 CONFLUENT_ENVIRONMENT=env-… CONFLUENT_CLUSTER=lkc-… \
        pytest tests/infra/real

They need a login (`confluent login`, or CONFLUENT_CLOUD_EMAIL and CONFLUENT_CLOUD_PASSWORD), make a
topic of their own and delete it.
"""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("FREEZER_REAL_CONFLUENT") == "1" else ["test_real_cli.py"]
