"""Models that are not here yet: found on this machine, or fetched on demand; the only room that uses a network."""
