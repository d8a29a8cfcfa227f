"""`python -m auth_service`: serve, and the commands of the control plane that also work while it is down."""

from auth_service.commands import app

if __name__ == "__main__":
    app()
