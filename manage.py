#!/usr/bin/env python3
"""Routing ML: `python3 manage.py up` starts it, `python3 manage.py test` tests it. Needs nothing but Python 3.11 to 3.13."""

import sys

SUPPORTED = ((3, 11), (3, 13))


def main() -> int:
    """Refuse a Python that the packages do not support, else hand over to the commands."""
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        sys.stderr.write(  # this file also has to compile where f-strings do not
            "Routing ML needs Python 3.11, 3.12 or 3.13; this is {}.{} ({}).\n"
            "Run manage.py with another one, such as: python3.11 manage.py up (Windows: py -3.11 manage.py up)\n".format(
                sys.version_info[0], sys.version_info[1], sys.executable
            )
        )
        return 2
    from bootstrap.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
