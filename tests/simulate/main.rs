//! A world of devices and a server, played from a seed, in which no promise may break.
