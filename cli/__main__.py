"""`python -m cli`: the same as `routing-ml`."""

from cli.main import main
from common.process_end import run_and_leave

if __name__ == "__main__":
    run_and_leave(main)
