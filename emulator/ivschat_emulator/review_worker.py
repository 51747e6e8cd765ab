# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program in which the code of a message review function runs; review.py starts it, one call at a time.

Arguments: the directory of the code, the handler (`module.function`). A call is a line of JSON on the standard input,
its outcome one on the standard output: {"result": ...} or {"error": "..."}. What the function prints goes to standard
error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import types
import uuid
from typing import Any


def _invoke(handler: str, event: Any) -> dict[str, Any]:
    module, _dot, name = handler.rpartition(".")
    context = types.SimpleNamespace(
        aws_request_id=str(uuid.uuid4()), function_name=os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    )
    try:
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        return {"result": json.loads(json.dumps(function(event, context)))}
    except Exception as error:  # Whatever the function raises is its outcome.
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer calls until the standard input ends."""
    directory, handler = sys.argv[1:]
    sys.path.insert(0, directory)
    os.chdir(directory)
    # The function must not write between the outcomes.
    outcomes = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(_invoke(handler, json.loads(line))), file=outcomes, flush=True)


if __name__ == "__main__":
    main()
