"""An installation of ten hosts on one machine, and what its users notice while hosts are killed, cut off, frozen and slowed."""
