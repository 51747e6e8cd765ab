# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator of Amazon IVS Chat: a backend for moto, behind a control interface that makes it slow, late or faulty.

The command `ivschat-emulator` serves it over HTTP, `Emulator.start()` does so for tests, and `add_to_moto()` lets code
under moto's `mock_aws` use it without a server.
"""

from __future__ import annotations

from .process import Emulator

__all__ = ["Emulator", "add_to_moto"]


def add_to_moto() -> None:
    """Add Amazon IVS Chat to the moto of this process, so that `boto3.client("ivschat")` works under `mock_aws`.

    Call it once, before or after a mock has started; calling it again changes nothing. As with every service of moto,
    all rooms, logging configurations and tokens are gone when the outermost mock ends.
    """
    from . import moto_bridge  # Not at the top: to import moto takes longer than everything else here.

    moto_bridge.add_to_moto()
