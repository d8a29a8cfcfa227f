"""`python -m cli`: the same as `routing-ml`."""

from cli.main import main
from common.process_end import leave

if __name__ == "__main__":
    leave(main())
