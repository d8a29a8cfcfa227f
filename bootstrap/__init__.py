"""From a fresh clone to a virtual environment that runs: what manage.py does before any package is installed. Standard library only."""
