# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.amazon.aws.plugins.module_utils.botocore import MINIMUM_BOTO3_VERSION, MINIMUM_BOTOCORE_VERSION


class ModuleDocFragment:
    # In place of amazon.aws.boto3, which names a Python for which ansible-core and boto3 have no release. What this
    # collection needs of boto3 is what the installed amazon.aws needs: 1.34.0 for 10.x, 1.35.0 for 11.x.
    # Set here, since ansible-test sanity reads the strings that a class assigns without running them.
    def __init__(self) -> None:
        self.DOCUMENTATION = f"""
options: {{}}
requirements:
  - python >= 3.10
  - boto3 >= {MINIMUM_BOTO3_VERSION}
  - botocore >= {MINIMUM_BOTOCORE_VERSION}
"""
