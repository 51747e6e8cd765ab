# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An emulator of Amazon IVS Chat: a backend for moto, behind a control interface that makes it slow, late or faulty.

`python -m tests.emulator` starts it; tests use `tests.emulator.handle.Emulator`.
"""

from __future__ import annotations
