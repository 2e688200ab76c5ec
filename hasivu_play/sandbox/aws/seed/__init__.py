"""A believable AWS account for a first start, with something for every procedure to find."""

from __future__ import annotations

from hasivu_play.sandbox.aws.rds.store import Store
from hasivu_play.sandbox.aws.seed import (
    access,
    certificates,
    compute,
    data,
    database,
    drill,
    monitoring,
    network,
    security,
    service_keys,
)
from hasivu_play.sandbox.layout import Layout


async def plant(layout: Layout, store: Store) -> None:
    """Fill an empty emulator."""
    await access.plant(layout)
    await data.plant(layout)
    await compute.plant(layout)
    await service_keys.plant(layout)
    await network.plant()
    await database.plant(store)
    await drill.plant()
    await monitoring.plant()
    await security.plant()
    await certificates.plant(layout)
