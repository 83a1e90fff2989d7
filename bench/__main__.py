"""`python -m bench [NAME …]`: run the benchmarks, print a table, write bench/results/latest.json."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import bench

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main(wanted: list[str]) -> None:
    """Run every benchmark module, or those named, and keep the results of the others."""
    results = json.loads(RESULTS.read_text()) if wanted and RESULTS.exists() else {}
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith("_") or (wanted and module.name not in wanted):
            continue
        print(f"… {module.name}", file=sys.stderr, flush=True)
        results |= importlib.import_module(f"bench.{module.name}").run()
        # After each: one that fails later takes no minutes of measuring with it.
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(f"{'what':<46}{'value':>12} {'unit':<8}{'baseline':<58}{'ratio':>8}")
    for name, row in results.items():
        print(f"{name:<46}{row['value']:>12} {row['unit']:<8}{row['baseline']:<58}{row['ratio']:>8}")


if __name__ == "__main__":
    main(sys.argv[1:])
