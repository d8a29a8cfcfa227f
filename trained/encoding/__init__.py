"""The parts of the encoder: columns, blocks and directions."""
