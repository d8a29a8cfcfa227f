"""`python -m auth_service`: serve, and the commands of the control plane that also work while it is down."""

from auth_service.commands import app
from common.process_end import run_and_leave
from common.standard_output import prepare_standard_output

if __name__ == "__main__":
    prepare_standard_output()
    run_and_leave(app)
