"""Trains a version of the model: `python train_build_index.py --save-dir models/<version>`. All options: --help."""

from __future__ import annotations

import sys

from trainer.run import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
