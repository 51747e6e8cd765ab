# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulator of Amazon IVS Chat: a backend for moto, behind a control interface that makes it slow, late or faulty.

The command `ivschat-emulator` serves it; `Emulator.start()` does so for tests.
"""

from __future__ import annotations

from .process import Emulator

__all__ = ["Emulator"]
