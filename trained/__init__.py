"""What a training leaves behind: encoder, index, learned parts, and the files of a version they are read from."""
