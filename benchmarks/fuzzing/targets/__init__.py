"""One reader of foreign bytes a module: `SEEDS`, inputs to begin with, and `read`, which may raise a ServiceError and nothing else."""
