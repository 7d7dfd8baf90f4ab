"""The requests Sotto answers, one file each."""
